import { createHash } from 'node:crypto';

/** Chance that follows from a seed and a name alone. Streams of other names don't disturb one another. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter: number;
  readonly #seed: string;

  constructor(seed: string) {
    this.#seed = seed;
    const words = createHash('sha256').update(seed).digest();
    this.#a = words.readInt32LE(0);
    this.#b = words.readInt32LE(4);
    this.#c = words.readInt32LE(8);
    this.#counter = words.readInt32LE(12);
  }

  /** Another stream, for another purpose. */
  stream(name: string): Random {
    return new Random(`${this.#seed}/${name}`);
  }

  /** 32 bits (sfc32, from PractRand). */
  #word(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** Evenly from 0 to 1, 1 excluded. */
  fraction(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number between two, both included. */
  int(from: number, to: number): number {
    return from + Math.floor(this.fraction() * (to - from + 1));
  }

  chance(probability: number): boolean {
    return probability > 0 && this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.int(0, items.length - 1)];
    if (items.length === 0) throw new RangeError('nothing to pick from');
    return item as T;
  }

  /** Mostly short, sometimes long: exponential about a mean. */
  around(mean: number): number {
    return Math.round(-Math.log(1 - this.fraction()) * mean);
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.alloc(size);
    for (let at = 0; at < size; at += 4) {
      let word = this.#word();
      for (let i = at; i < Math.min(at + 4, size); i++) {
        bytes[i] = word & 0xff;
        word >>>= 8;
      }
    }
    return bytes;
  }

  hex(size: number): string {
    return this.bytes(size).toString('hex');
  }

  shuffled<T>(items: readonly T[]): T[] {
    const mixed = [...items];
    for (let at = mixed.length - 1; at > 0; at--) {
      const other = this.int(0, at);
      [mixed[at], mixed[other]] = [mixed[other] as T, mixed[at] as T];
    }
    return mixed;
  }
}
