import type { Resource } from './synthesise.ts';

/** Whatever a template may hold. */
type Json = Resource['Properties'][string];
const asList = <T>(value: T | T[]): T[] => (Array.isArray(value) ? value : [value]);

/** A logical id without CDK's hash at its end, which changes with a path and means nothing. */
const nameOf = (id: string) => id.replace(/[0-9A-F]{8}$/, '');

/** A value of a template in words: `<Ledger.Arn>/index/listed`. */
function inWords(value: Json): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(inWords).join(', ');
  if ('Ref' in value) return `<${nameOf(value.Ref)}>`;
  if ('Fn::GetAtt' in value) return `<${[nameOf(value['Fn::GetAtt'][0]), value['Fn::GetAtt'][1]].join('.')}>`;
  if ('Fn::Join' in value) return value['Fn::Join'][1].map(inWords).join(value['Fn::Join'][0]);
  return JSON.stringify(value);
}

function statementInWords({ Sid, Effect, Action, Resource, Principal, Condition }: Json): string[] {
  const who =
    Principal === undefined ? [] : Object.entries(typeof Principal === 'string' ? { all: '*' } : Principal);
  const conditions = Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys as object).map(([key, values]) => `if ${operator} ${key}: ${inWords(values)}`),
  );
  return [
    `  ${Effect}${Sid ? ` (${Sid})` : ''}: ${inWords(asList(Action))}`,
    ...who.map(([kind, principal]) => `    by ${kind} ${inWords(principal)}`),
    ...(Resource === undefined ? [] : asList(Resource).map((each) => `    on ${inWords(each)}`)),
    ...conditions.map((condition) => `    ${condition}`),
  ];
}

/** The policy documents of a resource, whatever its type calls them. */
const documentsOf = ({ Properties }: Resource): Json[] => [
  ...(Properties.AssumeRolePolicyDocument ? [Properties.AssumeRolePolicyDocument] : []),
  ...(Properties.Policies ?? []).map(({ PolicyDocument }: Json) => PolicyDocument),
  ...[Properties.PolicyDocument, Properties.KeyPolicy].filter(Boolean),
];

const MANAGED = (arns: Json[]) => arns.map((arn) => `  all of ${inWords(arn)}`);

function permissionInWords({ Action, Principal, FunctionName, ...more }: Json): string[] {
  const conditions = Object.entries(more).map(([key, value]) => `    if ${key}: ${inWords(value)}`);
  return [
    `  Allow: ${Action}`,
    `    by ${inWords(Principal)}`,
    `    on ${inWords(FunctionName)}`,
    ...conditions,
  ];
}

/** Who may do what, of everything in a template that grants something: one text, to be reviewed when it changes. */
export function grantsIn(resources: Record<string, Resource>): string {
  const granting = Object.entries(resources).flatMap(([id, resource]) => {
    const { Type, Properties } = resource;
    const to = [...(Properties.Roles ?? []), ...(Properties.Queues ?? []), ...(Properties.Topics ?? [])];
    const lines =
      Type === 'AWS::Lambda::Permission'
        ? permissionInWords(Properties)
        : [
            ...MANAGED(Properties.ManagedPolicyArns ?? []),
            ...documentsOf(resource).flatMap(({ Statement }) => Statement.flatMap(statementInWords)),
          ];
    if (lines.length === 0) return [];
    const of = to.length > 0 ? ` of ${to.map(inWords).join(', ')}` : '';
    return [`${nameOf(id)} (${Type.replace('AWS::', '')})${of}\n${lines.join('\n')}\n`];
  });
  return granting.sort().join('\n');
}
