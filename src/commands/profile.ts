/** `~/.config/skua/config.toml`: where to connect to and how to get a token, by name. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { z } from 'zod';
import { messageOf, SkuaError } from '../errors.js';

const profile = z.strictObject({
  address: z.string().optional(),
  /** PEM file. */
  ca: z.string().optional(),
  token_file: z.string().optional(),
  issuer: z.url().optional(),
  client_id: z.string().optional(),
  /** With a secret, the client logs in for itself (client credentials), else a person does (device code). */
  client_secret_file: z.string().optional(),
  scope: z.string().default('openid'),
  audience: z.string().optional(),
});

const file = z.strictObject({
  /** Used where none is named. */
  profile: z.string().optional(),
  profiles: z.record(z.string(), profile).default({}),
});

export type Profile = z.infer<typeof profile> & { name: string };

export function configPath(): string {
  const folder = process.env.XDG_CONFIG_HOME ?? join(homedir(), '.config');
  return process.env.SKUA_CONFIG_FILE ?? join(folder, 'skua/config.toml');
}

/** The profile of that name, or the file's default; undefined where neither is. A name or a file that can't be used: INVALID_ARGUMENT. */
export function readProfile(name: string | undefined): Profile | undefined {
  const path = configPath();
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (name === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SkuaError('INVALID_ARGUMENT', `The file ${path} with the profiles can't be read.`, { cause: error });
  }
  const { profile: usual, profiles } = readFile(path, text);
  const chosen = name ?? usual;
  if (chosen === undefined) return undefined;
  const found = profiles[chosen];
  if (found === undefined) {
    const known = Object.keys(profiles).join(', ') || 'none';
    throw new SkuaError('INVALID_ARGUMENT', `${path} has no profile ${chosen}; there are ${known}.`);
  }
  return { ...found, name: chosen };
}

function readFile(path: string, text: string): z.infer<typeof file> {
  let document: unknown;
  try {
    document = parse(text);
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `${path} is no TOML: ${messageOf(error)}`, { cause: error });
  }
  const read = file.safeParse(document);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw new SkuaError('INVALID_ARGUMENT', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}
