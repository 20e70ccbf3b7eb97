/** Fetches a small JSON document from an issuer, with limits on time, size and where redirects may lead. */
export interface FetchLimits {
  /** Plain http is refused unless this is set, for the first address as for those that redirects name. */
  allowHttp: boolean;
  /** Ends everything, redirects included. */
  signal: AbortSignal;
  /** Largest body in bytes. */
  maxBytes: number;
}

const MAX_REDIRECTS = 3;

/** Rejects with a plain Error whose message is fit for the server's log: an address and a reason, nothing of the answer. */
export async function fetchJson(url: string, limits: FetchLimits): Promise<unknown> {
  let address = new URL(url);
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (address.protocol !== 'https:' && !(address.protocol === 'http:' && limits.allowHttp)) {
      throw new Error(`${address.origin}: only https is allowed`);
    }
    const response = await fetch(address, {
      signal: limits.signal,
      redirect: 'manual',
      headers: { accept: 'application/json' },
    }).catch((error: unknown) => {
      throw new Error(`${address.origin} can't be reached: ${reasonOf(error)}`, { cause: error });
    });
    const location = response.headers.get('location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      address = new URL(location, address);
      continue;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`${address.origin}${address.pathname} answered with status ${response.status}`);
    }
    const text = await readText(response, limits.maxBytes, address.origin);
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`${address.origin}${address.pathname} answered with no valid JSON`, { cause: error });
    }
  }
  throw new Error(`${address.origin}: more than ${MAX_REDIRECTS} redirects`);
}

async function readText(response: Response, maxBytes: number, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  try {
    for await (const chunk of response.body ?? []) {
      total += chunk.byteLength;
      if (total > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new Error(`${origin}: the answer broke off: ${reasonOf(error)}`, { cause: error });
  }
  if (total > maxBytes) throw new Error(`${origin}: the answer is larger than ${maxBytes} bytes`);
  return Buffer.concat(chunks).toString('utf8');
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: unknown } | undefined;
  return typeof cause?.code === 'string' ? cause.code : error.message;
}
