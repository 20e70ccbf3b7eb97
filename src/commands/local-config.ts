/** The configuration of a server in front of an embedded stack. */
import { parse, stringify, type TomlValue } from 'smol-toml';
import type { EmbeddedStack } from '../embedded/index.js';

type Section = { [key: string]: TomlValue };

/**
 * As TOML: the stack's issuer and catalog, any free port, `demo` of the catalog as default schema. `settings` are TOML too: each key of
 * a later text stands for the one before it, or is added.
 */
export function localConfig({ issuer, catalog }: EmbeddedStack, ...settings: string[]): string {
  const usual: Section = {
    server: { port: 0, drain_timeout: '5s' },
    auth: [
      {
        issuer: issuer.issuer,
        jwks_url: issuer.jwksUrl,
        audience: issuer.audience,
        user_claim: 'preferred_username',
        roles_claim: 'realm_access.roles',
        console_client_id: issuer.clientId,
        allow_insecure_jwks: true,
      },
    ],
    catalogs: { quickstart: { uri: catalog.uri, warehouse: 'quickstart', credential_delegation: 'none' } },
    default: { catalog: 'quickstart', schema: 'demo' },
  };
  return stringify(settings.map((text) => parse(text)).reduce<Section>(merged, usual));
}

function merged(usual: Section, more: Section): Section {
  const result = { ...usual };
  for (const [key, value] of Object.entries(more)) {
    const own = result[key];
    result[key] = isSection(own) && isSection(value) ? merged(own, value) : value;
  }
  return result;
}

function isSection(value: Section[string] | undefined): value is Section {
  return typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
}
