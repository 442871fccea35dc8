import { cached } from '../cloud/cache.ts';
import type { AwsCloud, RequestCall } from '../cloud/open-cloud.ts';
import { isNotFoundError } from '../cloud/to-windlass-error.ts';
import type { QuotaCode } from '../quotas.ts';

/** The value of a quota, at most some minutes old; undefined if AWS knows no quota of that code. */
export async function readQuota(
  cloud: AwsCloud,
  call: RequestCall,
  { service, code }: QuotaCode,
): Promise<number | undefined> {
  if (code === '') return undefined;
  return cached(cloud, call, `quota ${service} ${code}`, async (first) => {
    try {
      const { Quota } = await cloud.serviceQuotas(first, 'GetServiceQuota', (client, options) =>
        client.getServiceQuota({ ServiceCode: service, QuotaCode: code }, options),
      );
      return Quota?.Value;
    } catch (error) {
      if (isNotFoundError(error)) return undefined;
      throw error;
    }
  });
}

/** How many instances the account may run, on clouds that count them; undefined if the cloud does not say. */
export async function readInstanceLimit(cloud: AwsCloud, call: RequestCall): Promise<number | undefined> {
  const { AccountAttributes = [] } = await cloud.ec2(call, 'DescribeAccountAttributes', (ec2, options) =>
    ec2.describeAccountAttributes({ AttributeNames: ['max-instances' as 'default-vpc'] }, options),
  );
  const value = AccountAttributes.find(({ AttributeName }) => AttributeName === 'max-instances')
    ?.AttributeValues?.[0]?.AttributeValue;
  const limit = Number(value);
  return value === undefined || !Number.isFinite(limit) ? undefined : limit;
}
