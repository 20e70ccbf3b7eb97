/** `skua login`: a token by the device authorization grant (RFC 8628) or by client credentials (RFC 6749, section 4.4), kept for later commands. */
import { Command, Option } from 'commander';
import { messageOf, SkuaError } from '../errors.js';
import { fetchTokens, forgetTokens } from './issued-token.js';
import { configPath, type Profile, readProfile } from './profile.js';

export function loginCommand(): Command {
  return new Command('login')
    .description('Log in at the issuer of a profile; later commands with that profile need no token.')
    .addOption(profileOption())
    .action(({ profile: name }: { profile?: string }) =>
      reporting(async () => {
        const profile = issuedProfile(name);
        await fetchTokens(profile, (line) => process.stderr.write(`${line}\n`));
        process.stderr.write(`Logged in as profile ${profile.name}.\n`);
      }),
    );
}

export function logoutCommand(): Command {
  return new Command('logout')
    .description('Forget the tokens of a profile.')
    .addOption(profileOption())
    .action(({ profile: name }: { profile?: string }) => reporting(async () => forgetTokens(issuedProfile(name))));
}

export function profileOption(): Option {
  return new Option('--profile <name>', `profile of ${configPath()}`).env('SKUA_PROFILE');
}

function issuedProfile(name: string | undefined): Profile & { issuer: string } {
  const profile = readProfile(name);
  if (profile?.issuer === undefined) {
    throw new SkuaError('INVALID_ARGUMENT', `Name a profile of ${configPath()} that has an issuer and a client_id.`);
  }
  return { ...profile, issuer: profile.issuer };
}

async function reporting(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
