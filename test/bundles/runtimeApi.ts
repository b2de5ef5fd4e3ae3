import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { NODE_24 } from './node24.ts';

const RUNTIME = fileURLToPath(new URL('./runtime.mjs', import.meta.url));
const ROOT = '/2018-06-01/runtime';

/** What a function said when it could not be loaded or failed. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';
}

/** What is run, as a template tells Lambda of it. */
export interface Deployed {
  /** The folder with the code. */
  readonly code: string;
  /** File and name, as in `index.handler`. */
  readonly handler: string;
  readonly timeoutSeconds: number;
  readonly environment: Readonly<Record<string, string>>;
}

/** A function under Node 24. */
export interface LambdaFunction {
  /** What it answers to an event. @throws FunctionError */
  // biome-ignore lint/suspicious/noExplicitAny: each function has an answer of its own
  invoke(event: object): Promise<any>;
  /** All that it printed. */
  log(): string;
  stop(): Promise<void>;
}

interface Call {
  readonly event: object;
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

/**
 * Start a function of a template, and serve it Lambda's Runtime API: four addresses, of which the first is answered when there is
 * an event.
 * @param nodeArguments of Node itself, before the runtime
 * @returns when the function asks for its first event
 * @throws FunctionError when it can't be loaded
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export async function startFunction(
  { code, handler, timeoutSeconds, environment }: Deployed,
  nodeArguments: readonly string[] = [],
): Promise<LambdaFunction> {
  const waiting: Call[] = [];
  let current: Call | undefined;
  let asking: ServerResponse | undefined;
  let asked = 0;
  let printed = '';
  let started = () => {};
  let failed = (_: Error) => {};
  const ready = new Promise<void>((resolve, reject) => {
    started = resolve;
    failed = reject;
  });

  const give = () => {
    if (!asking || current || waiting.length === 0) return;
    current = waiting.shift()!;
    asking.setHeader('lambda-runtime-aws-request-id', String(++asked));
    asking.setHeader('lambda-runtime-deadline-ms', String(Date.now() + timeoutSeconds * 1000));
    asking.setHeader(
      'lambda-runtime-invoked-function-arn',
      'arn:aws:lambda:us-east-1:000000000000:function:ampjar',
    );
    asking.end(JSON.stringify(current.event));
    asking = undefined;
  };
  const end = (tell: (call: Call) => void) => {
    const call = current;
    current = undefined;
    if (call) tell(call);
  };
  const errorOf = ({ errorType, errorMessage }: Record<string, string>) =>
    new FunctionError(`${errorType}: ${errorMessage}\n${printed}`);

  const server = createServer(async (request, response) => {
    if (request.url === `${ROOT}/invocation/next`) {
      asking = response;
      started();
      return give();
    }
    const body = (await json(request)) as Record<string, string>;
    response.writeHead(202).end();
    if (request.url === `${ROOT}/init/error`) failed(errorOf(body));
    else if (request.url === `${ROOT}/invocation/${asked}/response`) end(({ resolve }) => resolve(body));
    else if (request.url === `${ROOT}/invocation/${asked}/error`) end(({ reject }) => reject(errorOf(body)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const child = spawn(NODE_24, [...nodeArguments, RUNTIME], {
    cwd: code,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment,
      AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'ampjar',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      LAMBDA_TASK_ROOT: code,
      _HANDLER: handler,
    },
  });
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (printed += text));
  const ended = once(child, 'close').then(([status]) => {
    const error = new FunctionError(`the runtime ended with ${status}\n${printed}`);
    failed(error);
    for (const { reject } of [...(current ? [current] : []), ...waiting]) reject(error);
  });
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    server.closeAllConnections();
    server.close();
  };
  await ready.catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    invoke: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject });
        give();
      }),
    log: () => printed,
    stop,
  };
}
