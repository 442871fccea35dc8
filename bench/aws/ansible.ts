import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { findPythonEnvironment } from '../../test/kit/python-environment.ts';
import { INSTANCE_TYPE, KEY, REGION, VOLUME_GIB, ZONE, type BenchCloud } from './cloud.ts';

const runFile = promisify(execFile);

const REQUIREMENTS = fileURLToPath(new URL('ansible-requirements.txt', import.meta.url));
const LIMIT_MS = 30 * 60_000;

/** The Python that has Ansible; null where there is no Python. */
export function findAnsible(): Promise<string | null> {
  return findPythonEnvironment({ name: 'ansible', requirements: REQUIREMENTS });
}

/** The same nodes by the modules of `amazon.aws`, as its own pages show it: a loop, each waited for. */
export async function runAnsible(python: string, cloud: BenchCloud, count: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-ansible-'));
  try {
    const play = join(folder, 'play.json');
    // JSON is YAML.
    writeFileSync(play, JSON.stringify([toPlay(cloud, count)]));
    await runFile(join(python, '..', 'ansible-playbook'), ['-i', 'localhost,', play], {
      cwd: folder,
      timeout: LIMIT_MS,
      maxBuffer: 64 * 1_024 * 1_024,
      env: {
        ...process.env,
        ANSIBLE_LOCALHOST_WARNING: 'false',
        ANSIBLE_PYTHON_INTERPRETER: python,
        ANSIBLE_HOME: folder,
        LC_ALL: 'C.UTF-8',
      },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toPlay({ moto, imageId, subnetId }: BenchCloud, count: number): object {
  return {
    hosts: 'localhost',
    connection: 'local',
    gather_facts: false,
    module_defaults: {
      'group/amazon.aws.aws': {
        endpoint_url: moto.url,
        access_key: KEY.accessKeyId,
        secret_key: KEY.secretAccessKey,
        region: REGION,
      },
    },
    tasks: [
      {
        'amazon.aws.ec2_instance': {
          name: 'node-{{ item }}',
          image_id: imageId,
          instance_type: INSTANCE_TYPE,
          vpc_subnet_id: subnetId,
          state: 'running',
          wait: true,
        },
        loop: `{{ range(${count}) | list }}`,
        register: 'made',
      },
      {
        'amazon.aws.ec2_vol': {
          instance: '{{ item.instances[0].instance_id }}',
          volume_size: VOLUME_GIB,
          volume_type: 'gp3',
          encrypted: true,
          zone: ZONE,
          device_name: '/dev/sdf',
        },
        loop: '{{ made.results }}',
        loop_control: { label: '{{ item.item }}' },
      },
    ],
  };
}
