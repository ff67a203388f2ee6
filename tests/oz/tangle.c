/* Threads, a timer, signals of all kinds, stops, a tree of processes and an exec: whoever comes between a
   program and its signals changes what this prints, or lets it hang. Ends with status 42. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t alarms, user, children;
static sigjmp_buf back;

static void on_alarm(int number) { alarms += number == SIGALRM; }
static void on_user(int number) { user += number == SIGUSR1; }
static void on_child(int number) { children += number == SIGCHLD; }
static void on_fault(int number) { siglongjmp(back, number); }

static void handle(int number, void (*handler)(int)) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = handler;
    sigaction(number, &action, 0);
}

static void *work(void *count) {
    for (int i = 0; i < 50; i++) {
        usleep(100);
        __atomic_fetch_add((int *)count, 1, __ATOMIC_SEQ_CST);
    }
    return 0;
}

static int tree(int depth) {
    int sum = 1;
    for (int i = 0; depth > 0 && i < 2; i++) {
        pid_t child = fork();
        if (child == 0) _exit(tree(depth - 1));
        int status = 0;
        while (waitpid(child, &status, 0) < 0) {}
        sum += WIFEXITED(status) ? WEXITSTATUS(status) : 100;
    }
    return sum;
}

int main(void) {
    pthread_t threads[4];
    int count = 0;
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, work, &count);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
    printf("threads %d\n", count);

    handle(SIGALRM, on_alarm);
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &often, 0);
    while (alarms < 5) pause();
    setitimer(ITIMER_REAL, &never, 0);
    printf("alarms came\n");

    handle(SIGUSR1, on_user);
    sigset_t block, before;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigprocmask(SIG_BLOCK, &block, &before);
    pid_t child = fork();
    if (child == 0) { kill(getppid(), SIGUSR1); _exit(3); }
    int status;
    waitpid(child, &status, 0);
    while (!user) sigsuspend(&before);
    sigprocmask(SIG_SETMASK, &before, 0);
    printf("user signal %d, child %d\n", (int)user, WEXITSTATUS(status));

    handle(SIGSEGV, on_fault);
    int fault = sigsetjmp(back, 1);
    if (!fault) *(volatile int *)0 = 1;
    printf("fault %d\n", fault);

    handle(SIGCHLD, on_child);
    child = fork();
    if (child == 0) { raise(SIGSTOP); _exit(7); }
    while (waitpid(child, &status, WUNTRACED) < 0) {}
    printf("stopped %d by %d\n", WIFSTOPPED(status), WSTOPSIG(status));
    kill(child, SIGCONT);
    while (waitpid(child, &status, 0) < 0) {}
    printf("ended %d, told %d\n", WEXITSTATUS(status), children > 0);
    handle(SIGCHLD, SIG_DFL);

    child = fork();
    if (child == 0) { raise(SIGKILL); }
    waitpid(child, &status, 0);
    printf("killed by %d\n", WTERMSIG(status));

    printf("tree %d\n", tree(3));
    child = fork();
    if (child == 0) { execl("/bin/sh", "sh", "-c", "exit 9", (char *)0); _exit(1); }
    waitpid(child, &status, 0);
    printf("exec %d", WEXITSTATUS(status));
    fflush(stdout);
    fprintf(stderr, "no newline at the end");
    return 42;
}
