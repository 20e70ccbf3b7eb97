/**
 * Splits a dotted path into its names, as TOML writes dotted keys: `realm_access.roles`; a name that contains a dot is quoted,
 * `"https://example.com/roles"` or `resource_access."my.client".roles`. Undefined where the text is no such path.
 */
export function parseDottedPath(text: string): string[] | undefined {
  const names: string[] = [];
  const name = /\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\s."']+))\s*(\.|$)/y;
  let position = 0;
  while (position < text.length) {
    name.lastIndex = position;
    const match = name.exec(text);
    if (match === null) return undefined;
    names.push(match[1]?.replace(/\\(.)/g, '$1') ?? match[2] ?? match[3] ?? '');
    position = name.lastIndex;
    if (match[4] === '') break;
    if (position >= text.length) return undefined;
  }
  return names.length === 0 || names.includes('') || position < text.length ? undefined : names;
}
