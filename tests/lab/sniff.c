/* SPDX-License-Identifier: BSD-3-Clause */
/** \file Lists where DNS queries go on loopback: a line "udp ADDRESS" or "tcp ADDRESS" for each packet to port 53 over IPv4, as
 *  loopback hands it in.
 *  For the lab, in its network namespace, where nothing else can be sent to. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <stdio.h>
#include <sys/socket.h>

enum { PORT = 53, PACKET_MAX = 65536, BUFFER = 8 * 1024 * 1024 };

int main(void)
{
	static uint8_t packet[PACKET_MAX];
	int fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_IP)), size = BUFFER;

	if (fd < 0) {
		perror("sniff");
		return 1;
	}
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	puts("ready");
	fflush(stdout);
	for (;;) {
		struct sockaddr_ll from;
		socklen_t from_len = sizeof(from);
		ssize_t len = recvfrom(fd, packet, sizeof(packet), 0, (struct sockaddr *)&from, &from_len);
		const struct iphdr *ip = (const struct iphdr *)packet;
		size_t head = len >= (ssize_t)sizeof(*ip) ? ip->ihl * 4u : 0;
		char text[INET_ADDRSTRLEN];

		if (head == 0 || len < (ssize_t)head + 4 ||
		    (ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP) ||
		    (packet[head + 2] << 8 | packet[head + 3]) != PORT)
			continue;
		printf("%s %s\n", ip->protocol == IPPROTO_UDP ? "udp" : "tcp", inet_ntop(AF_INET, &ip->daddr, text, sizeof(text)));
		fflush(stdout);
	}
}
