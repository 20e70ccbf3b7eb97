import { effect, signal } from '@preact/signals';

export type Theme = 'light' | 'dark';

const STORED = 'skua-theme';
const system = matchMedia('(prefers-color-scheme: dark)');
const chosen = signal<Theme | undefined>((localStorage.getItem(STORED) as Theme | null) ?? undefined);
const bySystem = signal<Theme>(system.matches ? 'dark' : 'light');
system.addEventListener('change', () => {
  bySystem.value = system.matches ? 'dark' : 'light';
});

/** What the person chose, else what the system says. */
export const theme = signal<Theme>('light');

effect(() => {
  theme.value = chosen.value ?? bySystem.value;
  document.documentElement.dataset.theme = theme.value;
});

export function toggleTheme(): void {
  chosen.value = theme.value === 'dark' ? 'light' : 'dark';
  localStorage.setItem(STORED, chosen.value);
}
