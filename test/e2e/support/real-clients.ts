/** The programs in test/clients as commands: what each needs, and how it is run against a server. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { type Part, parts, repository } from '../../../scripts/real/index.mjs';

export interface Target {
  /** `host:port` */
  address: string;
  token: string;
  readerToken: string;
  expiredToken?: string;
}

export interface RealClient {
  name: string;
  needs: Part;
  command: [string, ...string[]];
}

const program = (name: string) => join(repository, 'test/clients', name);
const goClient = parts.go.find().path ?? 'go';
const python = parts.python.find().path ?? 'python3';

export const realClients: RealClient[] = [
  { name: 'pyarrow.flight', needs: 'python', command: [python, program('pyarrow_client.py')] },
  { name: 'ADBC', needs: 'python', command: [python, program('adbc_client.py')] },
  { name: 'JDBC', needs: 'jdbc', command: ['bash', program('jdbc/run.sh')] },
  { name: "Arrow's Flight SQL client for Go", needs: 'go', command: [goClient] },
  { name: 'grpcurl', needs: 'grpcurl', command: ['bash', program('grpcurl.sh')] },
];

/** Whether something that a test needs is not installed. */
export function isMissing(...needed: Part[]): boolean {
  return needed.some((part) => parts[part].find().path === undefined);
}

/** Runs a client's program to its end; its output tells each check. */
export async function runClient(client: RealClient, scenario: 'seed' | 'full', target: Target) {
  const [command, ...args] = client.command;
  const child = spawn(command, [...args, scenario], {
    env: {
      ...process.env,
      SKUA_ADDRESS: target.address,
      SKUA_TOKEN: target.token,
      SKUA_TEST_READER_TOKEN: target.readerToken,
      SKUA_TEST_EXPIRED_TOKEN: target.expiredToken,
      SKUA_TEST_JDBC_DRIVER: parts.jdbc.find().path,
      GRPCURL: parts.grpcurl.find().path,
      PYTHONDONTWRITEBYTECODE: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const output = Buffer.concat(chunks).toString();
  return { exitCode, output, wrong: output.split('\n').filter((line) => line.startsWith('FAILED')) };
}
