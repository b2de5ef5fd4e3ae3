import { describe, expect, it } from 'vitest';
import { Batcher } from '../../../shared/concurrency/batcher.ts';

/** Work that ends when it is told to. */
function held() {
  const calls: { items: readonly number[]; end(): void; fail(error: Error): void }[] = [];
  const together = new Batcher(
    (items: readonly number[]) =>
      new Promise<readonly string[]>((resolve, reject) => {
        calls.push({ items, end: () => resolve(items.map((item) => `did ${item}`)), fail: reject });
      }),
    3,
  );
  return { together, calls };
}

const turn = () => new Promise(setImmediate);

describe('what is done together', () => {
  it('is one item at once, and then what came meanwhile, so many at most, each with its own result', async () => {
    const { together, calls } = held();
    const results = [1, 2, 3, 4, 5].map((item) => together.do(item));
    expect(calls.map(({ items }) => items)).toEqual([[1]]);
    calls[0]!.end();
    await turn();
    calls[1]!.end();
    await turn();
    calls[2]!.end();
    expect(calls.map(({ items }) => items)).toEqual([[1], [2, 3, 4], [5]]);
    expect(await Promise.all(results)).toEqual(['did 1', 'did 2', 'did 3', 'did 4', 'did 5']);
  });

  it('fails together, and what comes after goes on', async () => {
    const { together, calls } = held();
    const first = together.do(1);
    const pair = [together.do(2), together.do(3)];
    calls[0]!.end();
    await turn();
    calls[1]!.fail(new Error('the table is away'));
    expect((await Promise.allSettled(pair)).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const next = together.do(4);
    calls[2]!.end();
    expect(await Promise.all([first, next])).toEqual(['did 1', 'did 4']);
  });
});
