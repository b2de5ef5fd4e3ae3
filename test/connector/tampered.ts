import { type DynamoDBClient, TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import type { Ledger } from '../../shared/ledger/index.ts';

/** A command on its way to the table. */
export interface Sent {
  readonly name: string;
  readonly input: any;
}

/** What becomes of it: it fails before it takes effect, its answer is lost after it did, or it waits. */
export interface Fault {
  readonly fail?: Error;
  readonly failAfter?: Error;
  readonly wait?: Promise<void>;
}

/** A table whose client asks, before each command, what is to become of it. */
export function tampered({ client, table }: Ledger, fault: (sent: Sent) => Fault | undefined): Ledger {
  const send = async (command: { constructor: { name: string }; input: object }) => {
    const { fail, failAfter, wait } = fault({ name: command.constructor.name, input: command.input }) ?? {};
    if (fail) throw fail;
    await wait;
    const answer = await client.send(command as never);
    if (failAfter) throw failAfter;
    return answer;
  };
  return { client: { send } as unknown as DynamoDBClient, table };
}

/** An error as the SDK throws it. */
export const awsError = (name: string, message: string) => Object.assign(new Error(message), { name });

/** A transaction that was cancelled for these reasons, action by action. */
export const cancelled = (...codes: string[]) =>
  new TransactionCanceledException({
    $metadata: {},
    message: `Transaction cancelled [${codes.join(', ')}]`,
    CancellationReasons: codes.map((Code) => ({ Code })),
  });
