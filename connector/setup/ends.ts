import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { type Ledger, readNode, readNodes } from '../../shared/ledger/index.ts';
import type { Lnd } from '../lnd/contract.ts';
import { LndError } from '../lnd/contract.ts';
import { queueClient } from '../requests/queueClient.ts';
import type { Findings } from './findings.ts';
import { explain, type NodeFacts } from './node.ts';

const NO_ADDRESS = '00'.repeat(32);

/** Call lnd with the connector's own macaroon: each call that reads, but for the subscription. */
export async function tryLnd(lnd: Lnd, findings: Findings): Promise<void> {
  try {
    await lnd.getInfo();
    await lnd.invoiceFrom(0n);
    await lnd.ampState(NO_ADDRESS);
    findings.ok('macaroon', 'lnd answers to it');
  } catch (error) {
    if (!(error instanceof LndError)) throw error;
    findings.fail('macaroon', explain(error));
  }
}

/** Read the table as the connector does when it starts. */
export async function tryTable(
  ledger: Ledger,
  { node, network }: Pick<NodeFacts, 'node' | 'network'>,
  { anotherNode, findings }: { anotherNode: boolean; findings: Findings },
): Promise<void> {
  try {
    const state = await readNode(ledger, node);
    const known: string[] = [];
    for await (const each of readNodes(ledger)) known.push(each);
    const others = known.filter((each) => each !== node);
    if (state && state.network !== network)
      findings.fail('table', `${ledger.table} knows this node on ${state.network}, and it is on ${network}`);
    else if (state) findings.ok('table', `${ledger.table} can be read, and knows this node`);
    else if (others.length > 0 && !anotherNode)
      findings.fail(
        'table',
        `${ledger.table} belongs to node ${others[0]}, not to this one: another table, or --another-node`,
      );
    else findings.ok('table', `${ledger.table} can be read, and takes this node in`);
  } catch (error) {
    findings.fail('table', `${ledger.table} can't be read: ${reason(error)}`);
  }
}

/** Look into the queue; a hint that waits there is left for whoever takes it. */
export async function tryQueue(url: string, region: string, findings: Findings): Promise<void> {
  const client = queueClient(url, region);
  try {
    await client.send(
      new ReceiveMessageCommand({
        QueueUrl: url,
        WaitTimeSeconds: 0,
        VisibilityTimeout: 0,
        MaxNumberOfMessages: 1,
      }),
    );
    findings.ok('queue', 'can be read');
  } catch (error) {
    findings.fail('queue', `can't be read: ${reason(error)}`);
  } finally {
    client.destroy();
  }
}

const ADVICE: Record<string, string> = {
  CredentialsProviderError: 'there is no AWS identity at hand',
  ResourceNotFoundException: 'no such table in this Region and account',
  QueueDoesNotExist: 'no such queue in this Region and account',
  AccessDeniedException: 'the AWS identity at hand lacks the policy of the output ConnectorPolicyArn',
  AccessDenied: 'the AWS identity at hand lacks the policy of the output ConnectorPolicyArn',
};

/** An error of AWS's, with what it means here; refusals name the account, which is no secret to whoever asked. */
function reason(error: unknown): string {
  const { name, message } = error as Error;
  const text = message || (error as { code?: string }).code || name;
  return ADVICE[name] === undefined ? text : `${ADVICE[name]} (${text})`;
}
