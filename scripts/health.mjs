/** `node scripts/health.mjs host:port` asks the gRPC health service (grpc.health.v1) and ends with 0 if the server is serving. */
import { pathToFileURL } from 'node:url';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';

const asItIs = (bytes) => bytes;
const Health = makeGenericClientConstructor({
  check: {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  },
});

// HealthCheckResponse with field 1, `status`, at SERVING.
const SERVING = Buffer.from([0x08, 0x01]);

/** Whether the server at `host:port` says that it is serving; false where nobody answers. */
export function isServing(address) {
  const client = new Health(address, credentials.createInsecure());
  return new Promise((resolve) => {
    client.check(Buffer.alloc(0), { deadline: Date.now() + 3000 }, (error, answer) => {
      client.close();
      resolve(!error && SERVING.equals(answer));
    });
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const address = process.argv[2] ?? '127.0.0.1:50051';
  const serving = await isServing(address);
  console.log(`${address} is ${serving ? '' : 'not '}serving`);
  process.exitCode = serving ? 0 : 1;
}
