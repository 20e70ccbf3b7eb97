/** Who is logged in. The token lives in this tab alone: in memory, and in the tab's own storage so that a reload does not lose it. */
import { computed, signal } from '@preact/signals';

const STORED = 'skua-login';

export interface Login {
  token: string;
  /** Of the issuer, where the login came from one; renews the token. */
  refreshToken?: string;
  issuer?: string;
}

export interface Settings {
  version: string;
  /** Where Flight SQL is served, as clients write it. */
  flight: string;
  login: { issuer: string; clientId: string; scope: string }[];
}

/** Where the page comes from is where statements go. */
export const address = location.origin;

export const settings = signal<Settings | undefined>(undefined);
export const login = signal<Login | undefined>(restored());
/** Why there is nobody logged in any more. */
export const notice = signal<string | undefined>(undefined);
export const token = computed(() => login.value?.token);

export interface Claims {
  sub?: string;
  preferred_username?: string;
  name?: string;
  exp?: number;
  iss?: string;
}

/** What the token says of itself. Only to show it: the server alone decides what it is worth. */
export const claims = computed<Claims>(() => claimsOf(token.value));

export function logIn(next: Login): void {
  login.value = next;
  notice.value = undefined;
  sessionStorage.setItem(STORED, JSON.stringify(next));
}

export function logOut(reason?: string): void {
  login.value = undefined;
  notice.value = reason;
  sessionStorage.removeItem(STORED);
}

export async function loadSettings(): Promise<void> {
  const answer = await fetch('/console/settings.json', { credentials: 'omit' });
  settings.value = (await answer.json()) as Settings;
}

function restored(): Login | undefined {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? 'null') ?? undefined;
  } catch {
    return undefined;
  }
}

function claimsOf(token: string | undefined): Claims {
  try {
    const payload = (token ?? '').split('.')[1] ?? '';
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) as Claims;
  } catch {
    return {};
  }
}
