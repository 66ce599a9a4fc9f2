"""A library to preload that gives a pipe on Linux the rule it has on Windows: one call at a time.

While a thread waits in a read of the pipe that was descriptor 0 when the process began, whoever asks for the state of
any descriptor of that pipe waits too.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = r"""
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t pipe_is_used = PTHREAD_MUTEX_INITIALIZER;
static struct stat input;
static int input_is_a_pipe;

__attribute__((constructor)) static void note_the_input(void)
{
    input_is_a_pipe = syscall(SYS_fstat, 0, &input) == 0 && S_ISFIFO(input.st_mode);
}

static int is_the_input(int descriptor)
{
    struct stat asked;
    return input_is_a_pipe && syscall(SYS_fstat, descriptor, &asked) == 0
        && asked.st_ino == input.st_ino && asked.st_dev == input.st_dev;
}

static long alone(long call, int descriptor, void *buffer, size_t count)
{
    int serialised = is_the_input(descriptor);
    long result;
    if (serialised) pthread_mutex_lock(&pipe_is_used);
    result = syscall(call, descriptor, buffer, count);
    if (serialised) pthread_mutex_unlock(&pipe_is_used);
    return result;
}

ssize_t read(int descriptor, void *buffer, size_t count) { return alone(SYS_read, descriptor, buffer, count); }
int fstat(int descriptor, struct stat *state) { return alone(SYS_fstat, descriptor, state, 0); }
int fstat64(int descriptor, struct stat64 *state) { return alone(SYS_fstat, descriptor, state, 0); }
int __fxstat(int version, int descriptor, struct stat *state) { return alone(SYS_fstat, descriptor, state, 0); }
int __fxstat64(int version, int descriptor, struct stat64 *state) { return alone(SYS_fstat, descriptor, state, 0); }
"""


def build(folder: Path) -> dict[str, str]:
    """The variables that give a process started with them pipes as Windows has them; skips where that cannot be."""
    compiler = shutil.which("cc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    (folder / "pipes.c").write_text(SOURCE)
    library = folder / "pipes.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-pthread", "-o", library, folder / "pipes.c"], check=True)
    return {"LD_PRELOAD": str(library)}
