export { createSshdMachines } from './create-sshd-machines.ts';
export { findSshdMachinesObstacle } from './requirements.ts';
export type {
  DiskAttachment,
  Machine,
  MachineSpec,
  MachineState,
  SshdMachines,
  SshdMachinesOptions,
} from './sshd-machines.ts';
