// SPDX-License-Identifier: MIT
// Allocates from stacks that are not simply deeper or shallower than the last one: frames of
// varying and of aligned size, tail calls, deep recursion, coroutines (swapcontext, and a switch in
// assembly), a stack that is shorter than the one before in its place, longjmp, exceptions, signal
// handlers on either stack, code without unwind information.
// Says nothing; the unwinder is compared with its reference by the profiler.
#include <alloca.h>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <stdexcept>
#include <string>
#include <sys/mman.h>
#include <ucontext.h>

#define NOINLINE __attribute__((noinline))

// Twice from one frame, from two places.
NOINLINE static void allocate(size_t size)
{
	void *volatile a = malloc(size);
	void *volatile b = calloc(1, size + 1);

	free(a);
	free(b);
}

NOINLINE static int vary(int depth, int step)
{
	volatile char *const room = static_cast<char *>(alloca(size_t(depth * step % 97 * 16 + 8)));

	room[0] = char(depth);
	if (depth % 5 == 0)
		allocate(size_t(depth + 1));
	return depth ? vary(depth - 1, step) + room[0] : 0;
}

NOINLINE static int align(int depth)
{
	alignas(256) volatile char room[256];

	room[0] = char(depth);
	allocate(33);
	return depth ? align(depth - 1) + room[0] : 0;
}

NOINLINE static int jump_to(int depth);
NOINLINE static int jump_over(int depth) { return depth ? jump_to(depth - 1) : (allocate(7), 1); }
NOINLINE static int jump_to(int depth) { return jump_over(depth); }

// ---- coroutines ----

static ucontext_t main_context, contexts[3];
static bool all_done;

static void run_coroutine(int which)
{
	for (int i = 0; !all_done; i++) {
		vary(which * 3 + i % 4, which + 1);
		swapcontext(&contexts[which], &main_context);
	}
}

static void switch_by_libc()
{
	char *const stacks = new char[3 * 65536];

	for (int i = 0; i < 3; i++) {
		getcontext(&contexts[i]);
		contexts[i].uc_stack.ss_sp = stacks + i * 65536;
		contexts[i].uc_stack.ss_size = 65536;
		contexts[i].uc_link = &main_context;
		makecontext(&contexts[i], reinterpret_cast<void (*)()>(run_coroutine), 1, i);
	}
	for (int i = 0; i < 3000; i++) {
		swapcontext(&main_context, &contexts[i % 3]);
		vary(i % 6, 3);
	}
	all_done = true;
	for (int i = 0; i < 3; i++)
		swapcontext(&main_context, &contexts[i]);
	delete[] stacks;
}

// switch_stacks(&from, to): saves what a function must keep, and goes on where `to` was left.
__asm__(".text\n"
	".type switch_stacks,@function\n"
	"switch_stacks:\n"
	"	push %rbp\n	push %rbx\n	push %r12\n	push %r13\n	push %r14\n	"
	"push %r15\n"
	"	mov %rsp, (%rdi)\n"
	"	mov %rsi, %rsp\n"
	"	pop %r15\n	pop %r14\n	pop %r13\n	pop %r12\n	pop %rbx\n	"
	"pop %rbp\n"
	"	ret\n");
extern "C" void switch_stacks(void **from, void *to);

static void *outside, *inside;

static void run_fiber()
{
	for (int i = 0;; i++) {
		vary(i % 7, 5);
		switch_stacks(&inside, outside);
	}
}

// filling: what the outermost frame returns to is made of it.
static void switch_by_hand(int filling)
{
	const size_t size = 65536;
	char *const stack = static_cast<char *>(
		mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	void **const top = reinterpret_cast<void **>(stack + size) - 10;

	memset(stack, filling, size);
	top[6] = reinterpret_cast<void *>(run_fiber);
	inside = top;
	for (int i = 0; i < 3000; i++) {
		switch_stacks(&outside, inside);
		vary(i % 6, 2);
	}
	munmap(stack, size);
}

// What a library for fibers lets the outermost function return to: a function that ends the
// program. Such an address is looked up as the end of the function before, by whose rule the stack
// goes on.
__asm__(".text\n"
	"	.cfi_startproc\n	ret\n	.cfi_endproc\n"
	"the_end:\n"
	"	.cfi_startproc\n	ud2\n	.cfi_endproc\n"
	"	nop\n"
	"no_rule:\n"
	"	ret\n");
extern "C" void the_end();
extern "C" void no_rule();

// Beyond the fiber's stack lies memory that goes out of reach, and begins with an address of code.
static void seem_to_go_on(void (*further)())
{
	const size_t size = 65536;
	char *const stack = static_cast<char *>(mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE,
						     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	void **const top = reinterpret_cast<void **>(stack + size) - 8;

	top[6] = reinterpret_cast<void *>(run_fiber);
	top[7] = reinterpret_cast<void *>(the_end);
	top[8] = reinterpret_cast<void *>(further);
	inside = top;
	for (int i = 0; i < 30; i++) {
		if (i == 15)
			mprotect(stack + size, size, PROT_NONE);
		switch_stacks(&outside, inside);
	}
	munmap(stack, 2 * size);
}

// Frames of one size on two stacks, the shorter one in place of the inner end of the longer, which
// is gone: at one place there are the same callers, and further out there is nothing any more.
static ucontext_t caller_context, callee_context;
static char *frames[2];

NOINLINE static int descend(int depth)
{
	volatile char room[48];

	room[0] = char(depth);
	if (depth < 2)
		frames[depth] = const_cast<char *>(room);
	allocate(size_t(depth + 5));
	return depth ? descend(depth - 1) + room[0] : 0;
}

static void run_descent(int depth) { descend(depth); }

static void descend_below(char *bottom, char *top, int depth)
{
	getcontext(&callee_context);
	callee_context.uc_stack.ss_sp = bottom;
	callee_context.uc_stack.ss_size = size_t(top - bottom);
	callee_context.uc_link = &caller_context;
	makecontext(&callee_context, reinterpret_cast<void (*)()>(run_descent), 1, depth);
	swapcontext(&caller_context, &callee_context);
}

static void shorten()
{
	const size_t size = 128 << 10;
	char *const stack = static_cast<char *>(
		mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
	char *const middle = stack + size / 2;

	descend(1);
	for (int i = 0; i < 10; i++)
		descend_below(stack, middle + 300 * (frames[1] - frames[0]), 400);
	munmap(middle, size / 2);
	for (int i = 0; i < 10; i++)
		descend_below(stack, middle, 100);
	munmap(stack, size / 2);
}

NOINLINE static int make_room(size_t size, int depth)
{
	volatile char *const room = static_cast<char *>(alloca(size));

	room[0] = 1;
	if (!depth)
		allocate(size);
	return depth ? make_room(size, depth - 1) + room[0] : 0;
}

static void take_much() { make_room(60000, 1); }
static void take_little() { make_room(100, 1); }

static void run_on(char *stack, size_t size, void (*function)())
{
	getcontext(&contexts[0]);
	contexts[0].uc_stack.ss_sp = stack;
	contexts[0].uc_stack.ss_size = size;
	contexts[0].uc_link = &main_context;
	makecontext(&contexts[0], function, 0);
	swapcontext(&main_context, &contexts[0]);
}

// Large frames on the whole of one, small ones on its lower part while the rest is out of reach.
static void guard()
{
	const size_t size = 1 << 18, gone = 1 << 16;
	char *const stack = static_cast<char *>(
		mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));

	run_on(stack, size, take_much);
	mprotect(stack + size - gone, gone, PROT_NONE);
	run_on(stack, size - gone, take_little);
	munmap(stack, size);
}

// ---- ways out ----

static thread_local jmp_buf back;

NOINLINE static int leap(int depth)
{
	volatile char room[64];

	room[0] = char(depth);
	allocate(21);
	if (depth < 0)
		return room[0];
	if (!depth)
		longjmp(back, 1);
	return leap(depth - 1) + room[0];
}

struct Cleanup {
	std::string text = std::string(40, 'x');
	~Cleanup() { allocate(text.size()); }
};

NOINLINE static int fling(int depth)
{
	Cleanup cleanup;

	if (!depth)
		throw std::runtime_error(std::string(100, 'e'));
	return fling(depth - 1) + int(cleanup.text.size());
}

static void leave()
{
	for (volatile int i = 0; i < 300; i = i + 1) {
		if (!setjmp(back))
			leap(i % 11);
		try {
			fling(i % 9);
		} catch (const std::runtime_error &e) {
			allocate(strlen(e.what()));
		}
	}
}

// ---- signals ----

static void on_signal(int) { vary(9, 1); }

static void interrupt()
{
	static char other_stack[65536];
	const stack_t other = {other_stack, 0, sizeof(other_stack)};
	struct sigaction action = {};

	sigaltstack(&other, nullptr);
	action.sa_handler = on_signal;
	for (int flags : {0, SA_ONSTACK}) {
		action.sa_flags = flags;
		sigaction(SIGUSR2, &action, nullptr);
		for (int i = 0; i < 100; i++) {
			raise(SIGUSR2);
			vary(i % 5, 4);
		}
	}
}

// ---- code that nobody knows ----

static void called_by_unknown() { vary(4, 6); }

static void call_unknown()
{
	// push rbp; mov ebp, 0x10; call rdi; pop rbp; ret
	static const unsigned char code[] = {0x55, 0xbd, 0x10, 0, 0, 0, 0xff, 0xd7, 0x5d, 0xc3};
	void *const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memcpy(page, code, sizeof(code));
	for (int i = 0; i < 100; i++)
		reinterpret_cast<void (*)(void (*)())>(page)(called_by_unknown);
	munmap(page, 4096);
}

static int compare(const void *a, const void *b)
{
	jump_over(3);
	return *static_cast<const int *>(a) - *static_cast<const int *>(b);
}

static void *run(void *)
{
	int numbers[] = {5, 3, 4, 1, 2, 9, 8, 7};

	for (int i = 0; i < 200; i++) {
		vary(i % 60, i % 7 + 1);
		align(i % 5);
		jump_over(i % 8);
		qsort(numbers, 8, sizeof(int), compare);
	}
	vary(700, 1);
	vary(1000, 0);
	leave();
	call_unknown();
	return nullptr;
}

// With an argument: what libunwind itself would not survive, too.
int main(int argc, char **)
{
	pthread_t threads[3];

	run(nullptr);
	switch_by_libc();
	switch_by_hand(0x5a);
	switch_by_hand(0);
	shorten();
	guard();
	if (argc > 1) {
		seem_to_go_on(nullptr);
		seem_to_go_on(no_rule);
	}
	interrupt();
	for (pthread_t &thread : threads)
		pthread_create(&thread, nullptr, run, nullptr);
	for (pthread_t thread : threads)
		pthread_join(thread, nullptr);
	return 0;
}
