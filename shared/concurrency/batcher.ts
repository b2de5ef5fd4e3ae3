interface Waiting<T, R> {
  readonly item: T;
  resolve(result: R): void;
  reject(error: unknown): void;
}

/**
 * Does what comes while some is being done together with what comes next, so many at once at most. With nothing under way
 * an item is done at once, alone.
 */
export class Batcher<T, R> {
  readonly #work: (items: readonly T[]) => Promise<readonly R[]>;
  readonly #most: number;
  readonly #waiting: Waiting<T, R>[] = [];
  #working = false;

  /** @param work gives a result for each item, in their order; what it throws is thrown to all of them */
  constructor(work: (items: readonly T[]) => Promise<readonly R[]>, most: number) {
    this.#work = work;
    this.#most = most;
  }

  do(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#working) void this.#run();
    });
  }

  async #run() {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const taken = this.#waiting.splice(0, this.#most);
      try {
        const results = await this.#work(taken.map(({ item }) => item));
        for (const [at, { resolve }] of taken.entries()) resolve(results[at]!);
      } catch (error) {
        for (const { reject } of taken) reject(error);
      }
    }
    this.#working = false;
  }
}
