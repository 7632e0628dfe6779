import { compile } from './tools.js';

const SOURCE = `#include <stdio.h>
#include <stdlib.h>
enum color { RED, GREEN = 5, BLUE };
struct point { int x; double y; };
struct shape {
  struct point from, to;
  enum color color;
  struct shape *next;
  unsigned a : 3, b : 5;
  struct { int width; union { int i; float f; }; } style;
};
typedef struct point point_t;
struct point origin = { 1, 2.5 };
struct shape shape = { .color = GREEN };
int counter;
int Array = 3;
int add(int a, int b) { return a + b; }
void hello(void) { printf("hello from C\\n"); }
void partial(void) { printf("no newline"); }
point_t make_point(int x, double y) {
  // the braces of "{" count
  return (point_t){ x, y };
}
enum color next_color(enum color c) { return c == RED ? GREEN : BLUE; }
int apply(int (*f)(int), int x) { return f(x); }
`;

/** A library with something of each kind that a prompt shows, completes or calls. */
export const replLibrary = (): string => compile(SOURCE, { output: 'librepl.so' });
