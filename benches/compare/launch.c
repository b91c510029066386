/* Runs one command and reports what it cost, as one line of JSON on fd 3 (or stdout when fd 3 is closed).
 *
 *   launch [-n STDOUT_PREFIX] [-c] [-p CPU] [-t SECONDS] [-o STDOUT_FILE] [-e STDERR_FILE] COMMAND [ARGUMENT ...]
 *
 * A program of its own rather than a few lines of Python, for two reasons:
 * - ru_maxrss survives exec: a child of a 40 MiB interpreter reports at least 40 MiB. This parent is about 1 MiB.
 * - With -c it counts the child's lines while the child runs, and counting must not become the bottleneck.
 *
 * CPU is wait4's user + system time of the child and of everything it left behind: this process is a subreaper, so
 * descendants that outlive the child are waited for and added.
 *
 * Without -c stdout is /dev/null (or -o FILE, for programs that print a summary only) and `written` is the kernel's count of bytes passed to write(2) (/proc/PID/io), which is
 * free for the child. It includes stderr and librdkafka's one-byte wake-ups, hence serves as a check, not as a count.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t child;
static volatile sig_atomic_t timed_out;

static void stop_child(int signal_number) {
    if (signal_number == SIGALRM)
        timed_out = 1;
    if (child > 0)
        kill(-child, SIGKILL); /* the whole group: a script's grandchildren too */
}

static void fail(const char *what) {
    fprintf(stderr, "launch: %s: %s\n", what, strerror(errno));
    exit(125);
}

struct counts {
    uint64_t bytes, lines, matching, matching_bytes;
};

/* Lines, and the lines that begin with `prefix`, across reads of any size. */
static void count_stream(int fd, const char *prefix, struct counts *out) {
    static char buffer[1 << 20];
    size_t wanted = strlen(prefix), seen = 0; /* seen: bytes of the current line that were compared so far */
    int matches = 1;
    uint64_t line_bytes = 0;
    for (;;) {
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return;
        out->bytes += (uint64_t)got;
        for (char *at = buffer, *end = buffer + got; at < end;) {
            char *newline = memchr(at, '\n', (size_t)(end - at));
            char *stop = newline ? newline : end;
            for (char *c = at; matches && seen < wanted && c < stop; c++, seen++)
                matches = *c == prefix[seen];
            line_bytes += (uint64_t)(stop - at);
            if (!newline)
                break;
            out->lines++;
            if (matches && seen == wanted) {
                out->matching++;
                out->matching_bytes += line_bytes + 1;
            }
            seen = 0, matches = 1, line_bytes = 0;
            at = newline + 1;
        }
    }
}

static uint64_t bytes_written(pid_t pid) {
    char path[64];
    unsigned long long value = 0;
    snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    if (fscanf(file, "rchar: %*u wchar: %llu", &value) != 1)
        value = 0;
    fclose(file);
    return value;
}

static double microseconds(struct timeval t) { return (double)t.tv_sec * 1e6 + (double)t.tv_usec; }

int main(int argc, char **argv) {
    const char *prefix = "", *stdout_path = "/dev/null", *stderr_path = "/dev/null";
    int counting = 0, cpu = -1, option;
    unsigned seconds = 600;
    while ((option = getopt(argc, argv, "+n:cp:t:o:e:")) != -1) {
        switch (option) {
        case 'n': prefix = optarg; break;
        case 'c': counting = 1; break;
        case 'p': cpu = atoi(optarg); break;
        case 't': seconds = (unsigned)atoi(optarg); break;
        case 'o': stdout_path = optarg; break;
        case 'e': stderr_path = optarg; break;
        default: return 125;
        }
    }
    if (optind >= argc) {
        fprintf(stderr, "launch: no command\n");
        return 125;
    }

    /* Before anything else may be given number 3. */
    FILE *report = fdopen(fcntl(fcntl(3, F_GETFD) != -1 ? 3 : 1, F_DUPFD_CLOEXEC, 10), "w");
    if (!report)
        fail("report");
    close(3);
    int ends[2] = {-1, -1};
    if (counting && pipe2(ends, O_CLOEXEC) != 0)
        fail("pipe");
    prctl(PR_SET_CHILD_SUBREAPER, 1);

    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu < 0 ? 0 : cpu, &set);
        if (cpu >= 0 && sched_setaffinity(0, sizeof set, &set) != 0)
            _exit(126);
        int in = open("/dev/null", O_RDONLY);
        int out = counting ? ends[1] : open(stdout_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        int err = open(stderr_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        if (in < 0 || out < 0 || err < 0)
            _exit(126);
        dup2(in, 0);
        dup2(out, 1);
        dup2(err, 2);
        execvp(argv[optind], argv + optind);
        _exit(127);
    }
    setpgid(pid, pid);
    child = pid;
    struct sigaction action = {.sa_handler = stop_child, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    alarm(seconds);

    struct counts counts = {0};
    if (counting) {
        close(ends[1]);
        count_stream(ends[0], prefix, &counts);
    }
    siginfo_t info;
    while (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) != 0)
        if (errno != EINTR)
            fail("waitid");
    clock_gettime(CLOCK_MONOTONIC, &end);
    uint64_t written = bytes_written(pid); /* a zombie still has its counters; after wait4 they are gone */

    struct rusage usage;
    int status;
    if (wait4(pid, &status, 0, &usage) != pid)
        fail("wait4");
    double user = microseconds(usage.ru_utime), system = microseconds(usage.ru_stime);
    long rss = usage.ru_maxrss;
    struct rusage orphan;
    for (pid_t other; (other = wait4(-1, NULL, 0, &orphan)) > 0;) {
        user += microseconds(orphan.ru_utime);
        system += microseconds(orphan.ru_stime);
        rss = orphan.ru_maxrss > rss ? orphan.ru_maxrss : rss;
    }
    alarm(0);

    double wall = (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
    fprintf(report,
            "{\"exit\":%d,\"timed_out\":%s,\"user_us\":%.0f,\"system_us\":%.0f,\"wall_us\":%.0f,\"max_rss_kib\":%ld,"
            "\"written\":%llu,\"bytes\":%llu,\"lines\":%llu,\"matching\":%llu,\"matching_bytes\":%llu}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), timed_out ? "true" : "false", user, system,
            wall, rss, (unsigned long long)written, (unsigned long long)counts.bytes, (unsigned long long)counts.lines,
            (unsigned long long)counts.matching, (unsigned long long)counts.matching_bytes);
    fclose(report);
    return 0;
}
