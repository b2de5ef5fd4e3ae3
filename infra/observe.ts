import { Aspects, type Stack, Validations } from 'aws-cdk-lib';
import { Policy, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import { CfnLogGroup } from 'aws-cdk-lib/aws-logs';
import type { IConstruct } from 'constructs';
import type { Settings } from './settings.ts';

/** Keep every log of a stack for so many days, and trace its functions with X-Ray where the settings say so. */
export function observe(stack: Stack, { logDays, tracing }: Pick<Settings, 'logDays' | 'tracing'>): void {
  Aspects.of(stack).add({
    visit(node: IConstruct) {
      if (node instanceof CfnLogGroup) node.retentionInDays = logDays;
    },
  });
  if (tracing) for (const node of stack.node.findAll()) if (node instanceof NodejsFunction) trace(node);
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html */
function trace(handler: NodejsFunction): void {
  (handler.node.defaultChild as CfnFunction).tracingConfig = { mode: 'Active' };
  const policy = new Policy(handler, 'Tracing', {
    roles: [handler.role!],
    statements: [
      new PolicyStatement({
        sid: 'Trace',
        actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
        resources: ['*'],
      }),
    ],
  });
  Validations.of(policy).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray knows no narrower resource.',
  });
}
