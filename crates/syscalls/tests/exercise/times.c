/* Clocks, timers, and waiting with masks of signals. */
#include "exercise.h"
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <mqueue.h>
#include <utime.h>
#include <linux/aio_abi.h>

static struct timespec soon = {1, 2}, late = {1, 2000000000}, pair[2] = {{5, 6}, {7, 8}}, special[2] = {{0, UTIME_NOW}, {1, UTIME_OMIT}};
static struct timeval seconds = {3, 5}, both[2] = {{1, 2}, {3, 4}}, odd = {1, -2};
static struct itimerspec setting = {{0, 5}, {1, 6}};
static struct itimerval interval = {{0, 5}, {1, 6}};
static struct timezone zone = {60, 1};
static struct utimbuf old = {1, 2};
static struct sigevent none = {.sigev_notify = SIGEV_NONE}, thread = {.sigev_signo = SIGUSR1, .sigev_value.sival_ptr = (void *)0x123456789,
    .sigev_notify = SIGEV_THREAD_ID}, wild = {.sigev_signo = 999, .sigev_notify = 77},
    plain = {.sigev_signo = SIGTERM, .sigev_value.sival_int = 7};
static struct { long flags, maximum, size, count; long rest[4]; } attributes = {O_NONBLOCK, -5, 8192, 0};
static unsigned long mask = 1 << (SIGINT - 1), set = 0x2a, empty;
static struct { void *mask; unsigned long size; } masked = {&mask, 8}, bad_mask = {(void *)8, 8}, sized = {&mask, 9};
static struct timex adjusting = {.modes = ADJ_TICK | ADJ_NANO};
static struct pollfd polls[3] = {{5, POLLIN, 0}, {-1, 0, 0}, {6, POLLOUT | POLLRDHUP, 0}};
static char data[] = "message";

static void clocks(void) {
  DO(clock_settime, 99, &soon); DO(clock_settime, CLOCK_MONOTONIC, 0); DO(settimeofday, &odd, &zone);
  DO(settimeofday, 0, BAD); DO(adjtimex, BAD); DO(clock_adjtime, 99, &adjusting);
  DO(timer_create, CLOCK_MONOTONIC, &none, BAD); DO(timer_create, 99, &thread, BAD); DO(timer_create, CLOCK_TAI, &wild, BAD);
  DO(timer_create, 98, &plain, BAD); DO(timer_create, 98, BAD, BAD);
  DO(timer_settime, 77, TIMER_ABSTIME, &setting, 0); DO(timer_settime, 77, 6, &setting, BAD); DO(timer_getoverrun, 77);
  DO(timerfd_create, CLOCK_BOOTTIME, 77); DO(timerfd_create, 99, TFD_CLOEXEC | TFD_NONBLOCK);
  DO(timerfd_settime, 5, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET | 64, &setting, 0); DO(timerfd_settime, -1, 0, 0, 0);
  DO(timerfd_gettime, 5, BAD);
  DO(setitimer, ITIMER_PROF, BAD, 0); DO(setitimer, 99, &interval, 0); DO(setitimer, 99, &interval, BAD);
  DO(utimensat, AT_FDCWD, "/nosuch", pair, 0); DO(utimensat, 5, 0, special, AT_SYMLINK_NOFOLLOW | 0x20000);
  DO(utimensat, 6, "nosuch", special, 0); DO(utimensat, -1, "x", pair, AT_EMPTY_PATH);
  DO(futimesat, AT_FDCWD, "/nosuch", both); DO(utimes, "/nosuch", both); DO(utime, "/nosuch", &old); DO(utime, "/nosuch", BAD);
  DO(alarm, 0); DO(nanosleep, BAD, BAD); DO(nanosleep, 0, 0); DO(clock_nanosleep, CLOCK_TAI + 90, 77, BAD, 0);
  DO(sched_rr_get_interval, 99999999, BAD); DO(times, BAD);
}

static void queues(void) {
  DO(mq_open, "nosuch", O_RDWR | O_CREAT, 0600, &attributes); DO(mq_open, "/nosuch", O_RDWR, 0600, 0); DO(mq_open, BAD, 0);
  DO(mq_getsetattr, 5, &attributes, BAD); DO(mq_getsetattr, -1, 0, 0); DO(mq_getsetattr, -1, BAD, BAD);
  DO(mq_notify, 5, &plain); DO(mq_notify, -1, &thread); DO(mq_notify, -1, 0); DO(mq_notify, -1, &none);
  DO(mq_timedsend, -1, data, 7, 3, &soon); DO(mq_timedsend, 5, data, 7, 3, 0); DO(mq_timedsend, 5, BAD, 7, 3, BAD);
  DO(mq_timedreceive, -1, BAD, 7, BAD, &soon); DO(mq_timedreceive, 5, data, 7, 0, 0);
}

static void waiting(void) {
  DO(select, -1, &set, &empty, 0, BAD); DO(select, -5, 0, 0, 0, &seconds); DO(select, 8, &set, &set, &empty, &odd);
  DO(select, 8, BAD, 0, 0, &odd); DO(select, 64, 0, 0, 0, &odd);
  DO(pselect6, 8, &set, 0, 0, BAD, &masked); DO(pselect6, -1, &set, 0, 0, &late, &masked); DO(pselect6, -1, 0, BAD, 0, &late, &bad_mask);
  DO(pselect6, -1, 0, 0, 0, 0, &sized); DO(pselect6, -1, 0, 0, 0, 0, BAD);
  DO(poll, polls, 3, 0); DO(ppoll, polls, 2, &late, &mask, 9); DO(ppoll, polls, 2, BAD, &mask, 8); DO(poll, 0, 0, 0); DO(poll, polls, 0, 0);
  DO(epoll_pwait, 5, BAD, 5, 6, &mask, 8); DO(epoll_pwait, -1, BAD, 5, 6, &mask, 9); DO(epoll_pwait2, -1, BAD, 5, &late, &mask, 8);
  DO(epoll_pwait2, 5, BAD, 5, 0, 0, 8); DO(epoll_wait, 6, BAD, 5, -1);
  DO(rt_sigtimedwait, BAD, BAD, &late, 8); DO(rt_sigpending, BAD, 9);
  DO(io_getevents, 5, 1, 2, BAD, &late); DO(io_getevents, 0, 1, 2, BAD, BAD); DO(io_pgetevents, 5, 1, 2, BAD, &late, &masked);
  DO(io_pgetevents, 5, 1, 2, BAD, 0, 0); DO(io_cancel, 5, BAD, BAD);
}

void times_and_waiting(void) {
  clocks(); queues(); waiting();
}
