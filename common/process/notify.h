/*
 * notify.h - tells the service manager how far the daemon is: sd_notify(3), the
 * protocol alone, without its library.
 *
 * One datagram to the unix socket that $NOTIFY_SOCKET names; nothing where
 * there is none. Never blocks; what cannot be sent is dropped, as sd_notify(3)
 * advises.
 */
#ifndef POSTSEAL_COMMON_NOTIFY_H
#define POSTSEAL_COMMON_NOTIFY_H

/* "READY=1", "STOPPING=1". */
void notify_send(const char *state);

/* The same with a descriptor, which is copied: "FDSTORE=1". 0, or -errno when
 * it was not sent; -ENOENT where there is nobody to tell. */
int notify_fd(const char *state, int fd);

/* RELOADING=1 with the time that Type=notify-reload wants. */
void notify_reloading(void);

#endif
