/** Choices out of one stream of numbers from 0 to 1, so that a seed repeats all of them. */
export class Random {
  /** @param {() => number} next */
  constructor(next) {
    this.next = next;
  }

  below(bound) {
    return Math.floor(this.next() * bound);
  }

  between(low, high) {
    return low + this.below(high - low + 1);
  }

  chance(share) {
    return this.next() < share;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** Some of the items, in their order. */
  some(items, share) {
    return items.filter(() => this.chance(share));
  }

  shuffled(items) {
    const rest = [...items];
    return items.map(() => rest.splice(this.below(rest.length), 1)[0]);
  }

  /** One of the choices, by weight: `[[3, a], [1, b]]`. */
  weighted(choices) {
    let place = this.next() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, item] of choices) {
      place -= weight;
      if (place < 0) return item;
    }
    return choices.at(-1)[1];
  }
}
