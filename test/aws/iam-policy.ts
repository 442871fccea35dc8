import type { MotoRequest } from '../kit/moto/index.ts';

/** Allowed for every user, whatever the policy says. */
const ALWAYS_ALLOWED = new Set(['sts:GetCallerIdentity']);
/** Such operations only read. */
const READS = /^(Describe|Get|List)/;

/**
 * The smallest IAM policy under which these requests are allowed. A request that adds tags to what it
 * creates also needs the permission to tag.
 */
export function toPolicy(requests: readonly MotoRequest[]): string {
  const actions = new Set<string>();
  for (const { service, operation, tagged } of requests) {
    actions.add(`${service}:${operation}`);
    if (tagged) actions.add('ec2:CreateTags');
  }
  const asked = [...actions].filter((action) => !ALWAYS_ALLOWED.has(action)).sort();
  const isRead = (action: string): boolean => READS.test(action.split(':')[1] ?? '');
  const policy = {
    Version: '2012-10-17',
    Statement: [
      { Sid: 'WindlassLooks', Effect: 'Allow', Action: asked.filter(isRead), Resource: '*' },
      {
        Sid: 'WindlassChanges',
        Effect: 'Allow',
        Action: asked.filter((action) => !isRead(action)),
        Resource: '*',
      },
    ],
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
