/** A quota of Service Quotas, by its code. */
export interface QuotaCode {
  readonly service: 'ec2' | 'ebs';
  readonly code: string;
  /** What it counts, as shown to users. */
  readonly what: string;
}

const VCPU_QUOTAS: readonly (readonly [RegExp, string, string])[] = [
  [/^(g\d|gr\d|vt)/, 'L-DB2E81BA', 'vCPUs of G and VT instances'],
  [/^p\d/, 'L-417A185B', 'vCPUs of P instances'],
  [/^(f\d)/, 'L-74FC7D96', 'vCPUs of F instances'],
  [/^inf/, 'L-1945791B', 'vCPUs of Inf instances'],
  [/^trn/, 'L-2C3B7624', 'vCPUs of Trn instances'],
  [/^x\d/, 'L-7295265B', 'vCPUs of X instances'],
  [/^dl/, 'L-6E869C2A', 'vCPUs of DL instances'],
  [/^hpc/, 'L-F7808C92', 'vCPUs of HPC instances'],
  [/^u-|^u\d/, 'L-43DA4232', 'vCPUs of high memory instances'],
];

/** The quota that counts the CPUs of a type. */
export function toVcpuQuota(instanceType: string): QuotaCode {
  const special = VCPU_QUOTAS.find(([family]) => family.test(instanceType));
  if (special !== undefined) return { service: 'ec2', code: special[1], what: special[2] };
  return { service: 'ec2', code: 'L-1216C47A', what: 'vCPUs of standard instances' };
}

const STORAGE_QUOTAS: Readonly<Record<string, string>> = {
  gp3: 'L-7A658B76',
  gp2: 'L-D18FCD1D',
  io1: 'L-FD252861',
  io2: 'L-09BD8365',
  st1: 'L-82ACEF56',
  sc1: 'L-17AF77E8',
  standard: 'L-9CF3C2EB',
};

/** The quota that counts the TiB of a volume type. */
export function toStorageQuota(volumeType: string): QuotaCode {
  return { service: 'ebs', code: STORAGE_QUOTAS[volumeType] ?? '', what: `TiB of ${volumeType} volumes` };
}
