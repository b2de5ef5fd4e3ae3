import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What a child process does for its parent: calls with one argument at most, whose answers can be cloned. */
export interface Service {
  // biome-ignore lint/suspicious/noExplicitAny: each service has its own arguments, which its caller knows
  readonly calls: Record<string, (argument: any) => unknown>;
  stop(): Promise<void>;
}

type Call = { id: number; call: string; argument: unknown };
type Answer = { id: number; answer?: unknown; error?: string };

/** A process of its own that serves this one. */
export interface Child<S extends Service> {
  ask<Name extends keyof S['calls'] & string>(
    call: Name,
    ...argument: Parameters<S['calls'][Name]>
  ): Promise<Awaited<ReturnType<S['calls'][Name]>>>;
  /** Let it end by itself, and wait until it is gone. */
  stop(): Promise<void>;
}

/**
 * Start `processes/NAME.ts` in a process of its own.
 * @returns when it is ready
 * @throws Error when it fails to start
 */
export async function startChild<S extends Service>(name: string, input: object): Promise<Child<S>> {
  const path = fileURLToPath(new URL(`./processes/${name}.ts`, import.meta.url));
  const process = fork(path, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  let last = 0;
  process.on('message', ({ id, answer, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(`${name}: ${error}`));
  });
  process.on('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with ${signal ?? code}`));
    waiting.clear();
  });
  const ask = (call: string, argument?: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      const id = ++last;
      waiting.set(id, { resolve, reject });
      process.send({ id, call, argument } satisfies Call, (error) => error && reject(error));
    });
  await ask('start', input).catch((error) => {
    process.kill('SIGKILL');
    throw error;
  });
  return {
    ask: (call, ...[argument]) => ask(call, argument) as never,
    stop: () => endOf(process, () => ask('stop')),
  };
}

async function endOf(process: ChildProcess, stop: () => Promise<unknown>): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return;
  const gone = once(process, 'exit');
  await stop();
  process.disconnect();
  await gone;
}

/** Serve the parent of this process until it stops it or ends itself. */
export function serveParent<Input, S extends Service>(start: (input: Input) => Promise<S>): void {
  let service: S | undefined;
  const answerTo = async ({ call, argument }: Call): Promise<unknown> => {
    if (call === 'start') service = await start(argument as Input);
    else if (call === 'stop') await service?.stop();
    else return service!.calls[call]!(argument);
    return undefined;
  };
  process.on('message', (asked: Call) => {
    const { id } = asked;
    answerTo(asked).then(
      (answer) => process.send!({ id, answer } satisfies Answer),
      (error: Error) => process.send!({ id, error: error.message } satisfies Answer),
    );
  });
  process.on('disconnect', () => process.exit());
  // Ctrl-C reaches the whole group; the parent says what is to be done.
  process.on('SIGINT', () => {});
}
