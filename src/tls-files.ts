/** Certificates as the listeners take them. */
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { messageOf, SkuaError } from './errors.js';

export interface TlsFiles {
  certificate?: string | undefined;
  key?: string | undefined;
  clientCa?: string | undefined;
}

/** PEM. With `clientCa`, every client must have a certificate of that authority. */
export interface TlsMaterial {
  certificate: Buffer;
  key: Buffer;
  clientCa?: Buffer | undefined;
}

/** Undefined where none are configured. A file that can't be read, or a key that is not the certificate's: INVALID_ARGUMENT. */
export async function readTls({ certificate, key, clientCa }: TlsFiles): Promise<TlsMaterial | undefined> {
  if (certificate === undefined || key === undefined) return undefined;
  try {
    const [cert, privateKey, ca] = await Promise.all([
      readFile(certificate),
      readFile(key),
      clientCa === undefined ? undefined : readFile(clientCa),
    ]);
    createSecureContext({ cert, key: privateKey, ...(ca && { ca }) });
    return { certificate: cert, key: privateKey, clientCa: ca };
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `The certificate ${certificate} can't be used: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
