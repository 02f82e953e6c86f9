/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static bool transfer(int fd, uint8_t *data, size_t len, bool out)
{
	while (len > 0) {
		ssize_t n = out ? write(fd, data, len) : read(fd, data, len);

		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

size_t stream_ask(const struct sockaddr_in *to, const uint8_t *wire, size_t len, unsigned patience_s, uint8_t *reply)
{
	struct timeval patience = { .tv_sec = patience_s };
	uint8_t head[2] = { (uint8_t)(len >> 8), (uint8_t)len };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	size_t reply_len = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 && transfer(fd, head, 2, true) &&
	    transfer(fd, (uint8_t *)wire, len, true) && transfer(fd, head, 2, false)) {
		reply_len = (size_t)(head[0] << 8 | head[1]);
		if (!transfer(fd, reply, reply_len, false))
			reply_len = 0;
	}
	close(fd);
	return reply_len;
}
