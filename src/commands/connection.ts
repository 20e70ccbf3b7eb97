/** Where a command connects to and with which token: what is written on the command line, then the environment, then the profile. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type ConnectOptions, DEFAULT_ADDRESS, type TokenSource } from '../client/index.js';
import { SkuaError } from '../errors.js';
import { issuedToken } from './issued-token.js';
import { profileOption } from './login.js';
import { type Profile, readProfile } from './profile.js';

export interface ConnectionOptions {
  address?: string;
  token?: string;
  tokenFile?: string;
  ca?: string;
  profile?: string;
}

/** Adds the options that every command with a connection has. */
export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--address <address>',
        `grpc://host:port, grpc+tls://host:port or host:port (TLS unless it is this machine); default ${DEFAULT_ADDRESS}`,
      ).env('SKUA_ADDRESS'),
    )
    .addOption(
      new Option(
        '--token <token>',
        'bearer token; other users of the machine can see it here, so rather use the variable',
      ).env('SKUA_TOKEN'),
    )
    .addOption(new Option('--token-file <path>', 'file that holds the bearer token').env('SKUA_TOKEN_FILE'))
    .addOption(new Option('--ca <path>', 'PEM file with the authorities to trust').env('SKUA_CA'))
    .addOption(profileOption());
}

export function connectionOf(options: ConnectionOptions, command: Command): ConnectOptions {
  const profile = readProfile(options.profile);
  const token = tokenOf(options, profile, command);
  const ca = options.ca ?? profile?.ca;
  return {
    address: options.address ?? profile?.address ?? DEFAULT_ADDRESS,
    ...(token === undefined ? {} : { token }),
    ...(ca === undefined ? {} : { tls: { ca: readText(ca, 'trusted certificates') } }),
  };
}

export function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new SkuaError('INVALID_ARGUMENT', `The file ${path} with the ${what} can't be read.`, { cause: error });
  }
}

function tokenOf(
  { token, tokenFile }: ConnectionOptions,
  profile: Profile | undefined,
  command: Command,
): TokenSource | undefined {
  const namesFile =
    command.getOptionValueSource('tokenFile') === 'cli' && command.getOptionValueSource('token') !== 'cli';
  const file = tokenFile ?? (token === undefined ? profile?.token_file : undefined);
  const given = (namesFile ? undefined : token) ?? (file === undefined ? undefined : readText(file, 'token'));
  const trimmed = given?.trim().replace(/^bearer\s+/i, '');
  if (trimmed !== undefined && trimmed !== '') return trimmed;
  return profile?.issuer === undefined ? undefined : issuedToken({ ...profile, issuer: profile.issuer });
}
