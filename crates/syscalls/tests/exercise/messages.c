/* Addresses of all families, what goes along with messages, and options with values. */
#include "exercise.h"
#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <linux/can.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>
#include <net/if.h>

static struct sockaddr_ll packet = {AF_PACKET, 0x0008, 7, 1, PACKET_BROADCAST, 6, {1, 2, 3, 4, 5, 0xff}};
static struct sockaddr_ll odd_packet = {AF_PACKET, 0x3412, 0x7ffffff, 0xeeee, 77, 20, {1, 2, 3, 4, 5, 6, 7, 8}};
static struct sockaddr_ll bare_packet = {AF_PACKET};
static struct sockaddr_vm host = {AF_VSOCK, 0, 1234, VMADDR_CID_HOST}, anywhere = {AF_VSOCK, 0, -1, VMADDR_CID_ANY},
    guest = {AF_VSOCK, 0, 5, 77};
static struct sockaddr_alg hash = {AF_ALG, "hash", 0, 0, "sha256"}, odd_alg = {AF_ALG, "skcipher", 0xe, 0x55, "cbc(aes)"};
static struct sockaddr_nl links = {AF_NETLINK, 0, 0, 0}, groups = {AF_NETLINK, 0, 4321, 0x80000001};
static struct sockaddr_can can = {AF_CAN, 5};
static struct sockaddr_un local = {AF_UNIX, "/run/no\\such"};
static struct sockaddr_in inet = {AF_INET, 0x5000, {0x0100007f}};
static struct sockaddr_un empty = {AF_UNIX};

static char data[] = "some data that is longer than what is shown of it";
static struct iovec vector[1] = {{data, 9}};
static struct { struct cmsghdr head; int numbers[4]; } rights = {{sizeof(struct cmsghdr) + 12, SOL_SOCKET, SCM_RIGHTS}, {5, 6, -1}};
static struct { struct cmsghdr head; struct ucred who; int rest; } credentials =
    {{sizeof(struct cmsghdr) + sizeof(struct ucred), SOL_SOCKET, SCM_CREDENTIALS}, {1, 2, 3}};
static struct { struct cmsghdr one; int number; int pad; struct cmsghdr two; char text[8]; } several =
    {{sizeof(struct cmsghdr) + 4, SOL_SOCKET, SCM_RIGHTS}, 6, 0, {sizeof(struct cmsghdr) + 5, SOL_SOCKET, 77}, "four"};
static struct { struct cmsghdr head; int ttl; int pad; } ttl = {{sizeof(struct cmsghdr) + 4, SOL_IP, IP_TTL}, 64};
static struct { struct cmsghdr head; struct in_pktinfo info; int pad; } info =
    {{sizeof(struct cmsghdr) + sizeof(struct in_pktinfo), SOL_IP, IP_PKTINFO}, {0, {0x0100007f}, {0x0200007f}}};
static struct cmsghdr short_one = {3, SOL_SOCKET, SCM_RIGHTS}, long_one = {999999, SOL_SOCKET, SCM_RIGHTS};
static struct msghdr with_rights = {&local, sizeof local, vector, 1, &rights, sizeof rights, 0},
    with_credentials = {0, 0, vector, 1, &credentials, sizeof credentials, MSG_NOSIGNAL},
    with_several = {0, 0, 0, 0, &several, sizeof several, 0}, with_ttl = {&inet, sizeof inet, vector, 1, &ttl, sizeof ttl, 0},
    with_info = {&inet, sizeof inet, vector, 1, &info, sizeof info, 0},
    with_short = {0, 0, 0, 0, &short_one, sizeof short_one, 0}, with_long = {0, 0, 0, 0, &long_one, sizeof long_one, 0},
    with_bad = {(void *)8, 16, (void *)8, 2, (void *)8, 32, 0};
static struct mmsghdr batch[2] = {{{&inet, sizeof inet, vector, 1}, 0}, {{0, 0, vector, 1, &rights, sizeof rights, MSG_EOR}, 5}};

static struct sock_filter filter[] = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 4}, {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0x800}, {BPF_RET | BPF_K, 0, 0, 0xffff},
    {BPF_RET | BPF_A, 0, 0, 0}};
static struct sock_fprog program = {4, filter};
static struct timeval seconds = {3, 5};
static struct ip_mreqn group = {{0x010000e0}, {0}, 0};
static struct ip_mreq small_group = {{0x010000e0}, {0x0100007f}};
static struct ipv6_mreq group6 = {{{{0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}}}, 0};
static int word = 7, minus = -1, mtu = IP_PMTUDISC_DO;
static struct linger linger = {1, 5};
static struct packet_mreq promiscuous = {1, PACKET_MR_PROMISC, 6, {1, 2, 3}};

static void addresses(void) {
  DO(bind, -1, &packet, sizeof packet); DO(bind, -1, &odd_packet, sizeof packet); DO(bind, -1, &bare_packet, sizeof packet);
  DO(bind, -1, &packet, 12);
  DO(connect, -1, &host, sizeof host); DO(connect, 5, &guest, sizeof host); DO(bind, -1, &anywhere, sizeof host);
  DO(bind, -1, &hash, sizeof hash); DO(bind, -1, &odd_alg, sizeof hash); DO(bind, -1, &hash, 20);
  DO(bind, -1, &links, sizeof links); DO(bind, -1, &groups, sizeof links); DO(bind, -1, &can, sizeof can);
  DO(bind, -1, &empty, sizeof empty); DO(bind, -1, &local, 4); DO(bind, 6, &local, 110);
  DO(socket, AF_ALG, 77, 0); DO(socket, AF_VSOCK, 77, 0); DO(socket, AF_CAN, 77, 1); DO(socket, AF_PACKET, 77, 0x0008);
  DO(socket, AF_INET6, 77, IPPROTO_SCTP); DO(socket, AF_UNIX, 77, 9); DO(socketpair, AF_NETLINK, 77, 0, BAD);
  DO(getsockname, 5, BAD, BAD); DO(getpeername, -1, 0, 0); DO(accept, 5, BAD, BAD); DO(accept4, 6, 0, 0, 0x1234);
  DO(listen, 5, -1); DO(shutdown, 5, SHUT_RD);
}

static void controls(void) {
  DO(sendmsg, -1, &with_rights, 0); DO(sendmsg, -1, &with_credentials, MSG_DONTWAIT); DO(sendmsg, -1, &with_several, 0);
  DO(sendmsg, -1, &with_ttl, 0); DO(sendmsg, -1, &with_info, 0); DO(sendmsg, -1, &with_short, 0); DO(sendmsg, 5, &with_long, 0);
  DO(sendmsg, -1, &with_bad, 0); DO(sendmmsg, -1, batch, 2, MSG_MORE); DO(sendmmsg, -1, batch, 1, 0); DO(sendmmsg, -1, 0, 0, 0);
  DO(recvmmsg, -1, BAD, 2, MSG_WAITFORONE, BAD); DO(sendto, 5, data, sizeof data, MSG_OOB, &host, sizeof host);
  DO(sendto, -1, BAD, 5, 0, BAD, 5); DO(recvfrom, 5, BAD, 5, MSG_ERRQUEUE, BAD, BAD);
}

static void options(void) {
  DO(setsockopt, 5, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program); DO(setsockopt, -1, SOL_SOCKET, SO_ATTACH_FILTER, &program, 3);
  DO(setsockopt, -1, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program, sizeof program); DO(setsockopt, -1, SOL_SOCKET, SO_ATTACH_FILTER, BAD, 16);
  DO(setsockopt, -1, SOL_SOCKET, SO_SNDTIMEO, &seconds, 16); DO(setsockopt, -1, SOL_SOCKET, SO_SNDTIMEO, &seconds, 8);
  DO(setsockopt, -1, SOL_SOCKET, SO_LINGER, &linger, 4); DO(setsockopt, -1, SOL_SOCKET, SO_PASSCRED, &word, 5);
  DO(setsockopt, -1, SOL_IP, IP_ADD_MEMBERSHIP, &small_group, 8); DO(setsockopt, -1, SOL_IP, IP_ADD_MEMBERSHIP, &group, 12);
  DO(setsockopt, -1, SOL_IP, IP_MTU_DISCOVER, &mtu, 4); DO(setsockopt, -1, SOL_IP, IP_TTL, &minus, 4);
  DO(setsockopt, -1, SOL_IPV6, IPV6_ADD_MEMBERSHIP, &group6, sizeof group6); DO(setsockopt, -1, SOL_IPV6, IPV6_UNICAST_HOPS, &minus, 4);
  DO(setsockopt, -1, SOL_TCP, TCP_KEEPIDLE, &word, 4); DO(setsockopt, -1, SOL_TCP, TCP_USER_TIMEOUT, &word, 8);
  DO(setsockopt, -1, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof promiscuous); DO(setsockopt, -1, SOL_PACKET, PACKET_RX_RING, BAD, 16);
  DO(setsockopt, -1, SOL_NETLINK, NETLINK_EXT_ACK, &word, 4); DO(setsockopt, -1, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &word, 2);
  DO(setsockopt, -1, SOL_ALG, ALG_SET_KEY, data, 8); DO(setsockopt, -1, 17, 103, &word, 4); DO(setsockopt, -1, SOL_RAW, 1, &word, 4);
  DO(setsockopt, -1, SOL_SOCKET, SO_RCVBUF, BAD, 4); DO(setsockopt, -1, SOL_SOCKET, SO_RCVBUF, &word, -1);
  DO(getsockopt, 5, SOL_SOCKET, SO_PEERCRED, BAD, BAD); DO(getsockopt, -1, SOL_IP, IP_TTL, BAD, &word); DO(getsockopt, -1, SOL_IPV6, 23, 0, 0);
}

void messages(void) {
  addresses(); controls(); options();
}
