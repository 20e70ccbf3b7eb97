#!/usr/bin/env node
// Running queries hold a thread of libuv's pool each, which file and name look-ups share: it has to be larger than its default of 4, and
// is sized when it is first used.
process.env.UV_THREADPOOL_SIZE ??= '64';
await import('../dist/main.js');
