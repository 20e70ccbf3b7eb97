/** A real browser, without its own traffic to anywhere. */
import { type Browser, chromium, type Page } from 'playwright-core';
import { parts } from '../../scripts/real/index.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch(): Promise<Browser> {
  // Every launch has a folder of its own for the profile.
  return chromium.launch({ executablePath: parts.chromium.find().path as string, args: FLAGS });
}

/** What a page complains of: errors of its scripts, calls that failed, and all that its policy forbade. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    // The browser itself tries to keep the colour of text that is typed over; the policy forbids it, and nothing is lost.
    const isOfTyping = /Applying inline style violates/.test(message.text());
    // The answer of a statement that fails has a status that the browser writes down, too.
    const isAnswer = /the server responded with a status of (400|404|401|403)/.test(message.text());
    if (message.type() === 'error' && !isOfTyping && !isAnswer) complaints.push(message.text());
  });
  return complaints;
}
