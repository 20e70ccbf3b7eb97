#!/usr/bin/env node
// Running queries hold a thread of libuv's pool each, which file and name look-ups share: it has to be larger than its default of 4, and larger
// than the number of concurrent statements. It is sized when it is first used, which the loader of ES modules does: hence CommonJS.
process.env.UV_THREADPOOL_SIZE ??= '128';
// A notice of the AWS SDK for developers, which would stand in the middle of what the command prints.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';
import('../dist/main.js');
