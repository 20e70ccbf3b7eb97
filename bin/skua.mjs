#!/usr/bin/env node
// Running queries hold a thread of libuv's pool each, which file and name look-ups share: it has to be larger than its default of 4, and
// is sized when it is first used.
process.env.UV_THREADPOOL_SIZE ??= '64';
// A notice of the AWS SDK for developers, which would stand in the middle of what the command prints.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
await import('../dist/main.js');
