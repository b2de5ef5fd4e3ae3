import {
  CloudFormationClient,
  DescribeStacksCommand,
  paginateListStackResources,
  type Stack,
  UpdateTerminationProtectionCommand,
} from '@aws-sdk/client-cloudformation';
import { oneLine } from '../awsAccount.ts';
import { DeployError } from '../deployError.ts';

/** How a stack stands: `absent` when there is none, `failed` when it never came to be, `there` when something depends on it. */
export type Standing = 'absent' | 'failed' | 'there';

/**
 * What is left of a stack whose creation failed. The CDK deletes it before it makes another, which protection forbids.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
const NEVER_CAME_TO_BE = ['REVIEW_IN_PROGRESS', 'CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'];

/** A stack by name, undefined when there is none. @throws DeployError */
export async function findStack(name: string, region: string): Promise<Stack | undefined> {
  return asking(region, async (cloudFormation) => {
    const { Stacks } = await cloudFormation.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks?.[0];
  });
}

/** How a stack stands. @throws DeployError */
export async function standingOf(name: string, region: string): Promise<Standing> {
  const found = await findStack(name, region);
  if (!found || found.StackStatus === 'DELETE_COMPLETE') return 'absent';
  return NEVER_CAME_TO_BE.includes(found.StackStatus!) ? 'failed' : 'there';
}

/** Let a stack be deleted of which there is nothing yet. @throws DeployError */
export async function unprotect(name: string, region: string): Promise<void> {
  const off = new UpdateTerminationProtectionCommand({ StackName: name, EnableTerminationProtection: false });
  await asking(region, (cloudFormation) => cloudFormation.send(off));
}

/** The names of a stack's functions; none when there is no such stack. @throws DeployError */
export async function functionsOf(stack: string, region: string): Promise<string[]> {
  const found = await asking(region, async (client) => {
    const names: string[] = [];
    for await (const { StackResourceSummaries = [] } of paginateListStackResources(
      { client },
      { StackName: stack },
    ))
      for (const { ResourceType, PhysicalResourceId, ResourceStatus } of StackResourceSummaries)
        if (
          ResourceType === 'AWS::Lambda::Function' &&
          PhysicalResourceId &&
          !ResourceStatus?.startsWith('DELETE')
        )
          names.push(PhysicalResourceId);
    return names;
  });
  return found ?? [];
}

/** Ask CloudFormation in a Region; undefined when it has no stack of the name that was asked for. */
async function asking<T>(
  region: string,
  ask: (client: CloudFormationClient) => Promise<T>,
): Promise<T | undefined> {
  const client = new CloudFormationClient({ region });
  try {
    return await ask(client);
  } catch (error) {
    if ((error as Error).name === 'ValidationError') return undefined;
    throw new DeployError(`CloudFormation in ${region}: ${oneLine(error as Error)}`);
  } finally {
    client.destroy();
  }
}
