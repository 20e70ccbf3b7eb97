/** Columns may share a name, the members of an object may not: the second `a` becomes `a_2`. */
export function distinctNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let candidate = name;
    for (let number = 2; taken.has(candidate) || (number > 2 && names.includes(candidate)); number++) {
      candidate = `${name}_${number}`;
    }
    taken.add(candidate);
    return candidate;
  });
}
