import { SkuaError } from '../../errors.js';

export interface Address {
  /** As gRPC wants it: `host:port`. */
  target: string;
  tls: boolean;
  /** As messages show it: `grpc+tls://host:port`. */
  text: string;
}

export const DEFAULT_ADDRESS = 'grpc://127.0.0.1:50051';

const SCHEMES: Record<string, boolean> = { 'grpc:': false, 'grpc+tcp:': false, 'grpc+tls:': true };

/**
 * Reads `grpc://host:port`, `grpc+tcp://…` or `grpc+tls://…`; the port may be left out (50051). Without a scheme, an address on this machine
 * is spoken to in plain text and every other one with TLS, so that a token leaves the machine unencrypted only where somebody wrote so.
 * @throws SkuaError INVALID_ARGUMENT
 */
export function parseAddress(text: string): Address {
  const hasScheme = text.includes('://');
  // A scheme that the URL standard knows makes it normalise host names and accept IPv6.
  const rest = hasScheme ? text.slice(text.indexOf('://') + 3) : text;
  const scheme = hasScheme ? text.slice(0, text.indexOf('://') + 1).toLowerCase() : undefined;
  const tlsByScheme = scheme === undefined ? undefined : SCHEMES[scheme];
  const url = URL.canParse(`http://${rest}`) ? new URL(`http://${rest}`) : undefined;
  const isPlain =
    url !== undefined && url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '';
  if (!isPlain || url === undefined || (scheme !== undefined && tlsByScheme === undefined)) {
    throw new SkuaError(
      'INVALID_ARGUMENT',
      `The address ${text} must be grpc://host:port, grpc+tls://host:port or host:port.`,
    );
  }
  const port = url.port === '' ? (/:80\/?$/.test(rest) ? '80' : '50051') : url.port;
  const tls = tlsByScheme ?? !isLocal(url.hostname);
  const target = `${url.hostname}:${port}`;
  return { target, tls, text: `${tls ? 'grpc+tls' : 'grpc'}://${target}` };
}

function isLocal(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
