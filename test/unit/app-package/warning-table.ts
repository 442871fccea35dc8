import {
  CONFIG,
  NODE,
  packageOf,
  withNode,
  withItem,
  withCluster,
  withService,
  type FaultRow,
} from './one-fault.ts';
import { textFile } from './packages.ts';

export const WARNINGS: readonly FaultRow[] = [
  [
    'two paths that differ in case',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('node/A', ''), textFile('node/a', '')),
    'undefined: differs from "node/A" in the case or form of letters only',
  ],
  [
    'a pattern that looks ahead',
    withItem('"default":"x","pattern":"^(?=.*[a-z]).+$"'),
    'cluster.name.pattern: needs lookaround, a backreference or another feature that RE2 (the syntax of patterns) does not have; values are not checked against it',
  ],
  [
    'an unknown field of a node',
    withNode('"sriov_nic": true'),
    'nodes.0.sriov_nic: unknown field, kept as it is',
  ],
  [
    'an unknown container type',
    packageOf(`{"nodes": [${NODE.replace('kvm', 'jail')}]}`),
    'nodes.0.container.type: "jail" is no container type of the specification',
  ],
  [
    'an unknown service',
    withNode('"services": {"dance": {"cmd": "x"}}'),
    'nodes.0.services.dance.type: is not "custom", and the specification knows no service of this name; taken as custom',
  ],
  [
    'a service without a command',
    withNode('"services": {"start": {}}'),
    'nodes.0.services.start.cmd: is missing; the service is left out',
  ],
  [
    'a timeout over the limit',
    withNode('"services": {"start": {"cmd": "x", "timeout": 90000}}'),
    'nodes.0.services.start.timeout: is over the limit; 86400 seconds are used',
  ],
  [
    'an unknown form type',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"type":"string"', '"type":"colour"')),
    'cluster.name.type: "colour" is no type of the specification; any value is accepted',
  ],
  [
    'an absent default',
    withItem('"min":1'),
    'cluster.name.default: is missing, though the value is not required',
  ],
  [
    'a default outside its range',
    withItem('"default":"x","range":["y"]'),
    'cluster.name.default: is outside the item\'s own limits: must be one of "y", not "x"',
  ],
  [
    'an unknown field of the form',
    withItem('"default":"x","auto_scale_step":1'),
    'cluster.name.auto_scale_step: unknown field, kept as it is',
  ],
  [
    'a key that occurs twice',
    withNode('"role": "a", "role": "b"'),
    'nodes.0.role: this key occurs twice; the last one counts',
  ],
  [
    'a cpu outside the catalogue',
    packageOf(`{"nodes": [${NODE.replace('"cpu": 1', '"cpu": 3')}]}`),
    'nodes.0.cpu: 3 is outside the catalogue of the specification: 1, 2, 4, 8, 12, 16',
  ],
  [
    'no memory',
    packageOf(`{"nodes": [${NODE.replace(', "memory": 1024', '')}]}`),
    'nodes.0.memory: is missing; 1024 is used',
  ],
  [
    'no image',
    packageOf(`{"nodes": [${NODE.replace(', "image": "img-1"', '')}]}`),
    'nodes.0.container.image: is missing',
  ],
  [
    'an instance class outside the catalogue',
    withNode('"instance_class": 101'),
    'nodes.0.instance_class: 101 is outside the catalogue of the specification: 0, 1',
  ],
  [
    'a kind of key outside the catalogue',
    withNode('"passphraseless": "ssh-ed25519"'),
    'nodes.0.passphraseless: "ssh-ed25519" is outside the catalogue of the specification: ssh-dsa, ssh-rsa',
  ],
  [
    'a file system outside the catalogue',
    withNode('"volume": {"size": 10, "filesystem": "zfs"}'),
    'nodes.0.volume.filesystem: "zfs" is outside the catalogue of the specification: ext4, xfs, ntfs',
  ],
  [
    'four volumes',
    withNode('"volume": {"size": 40, "mount_point": ["/a", "/b", "/c", "/d"]}'),
    'nodes.0.volume.mount_point: names 4 volumes; the limit is 3',
  ],
  [
    'a volume over the limit',
    withNode('"volume": {"size": 6000}'),
    'nodes.0.volume.size: makes volumes of 6000 GiB; the limit is 5000',
  ],
  [
    'a volume between two sizes',
    withNode('"volume": {"size": 15}'),
    'nodes.0.volume.size: makes volumes of 15 GiB; the catalogue rises in steps of 10',
  ],
  [
    'replicas of a role without a name',
    withNode('"replica": 1'),
    'nodes.0.replica: needs a role with a name; its replicas are named "-replica"',
  ],
  [
    'an unknown advanced action',
    withNode('"advanced_actions": ["fly"]'),
    'nodes.0.advanced_actions: "fly" is unknown to the specification',
  ],
  [
    'an unknown scaling policy',
    withNode('"vertical_scaling_policy": "random"'),
    'nodes.0.vertical_scaling_policy: "random" is unknown; taken as "parallel"',
  ],
  [
    'custom metadata without a command',
    withNode('"custom_metadata": {}'),
    'nodes.0.custom_metadata.cmd: is missing; nothing is registered',
  ],
  [
    'a service that is neither known nor an object',
    withService('{"pre_check": "x"}'),
    'nodes.0.services.pre_check: is no service of the specification and no object; it is left out',
  ],
  [
    'a field of another service',
    withService('{"start": {"cmd": "x", "allow_force": true}}'),
    'nodes.0.services.start.allow_force: has no meaning here; it belongs to destroy',
  ],
  [
    'parameters of a service that is never called with any',
    withService(
      '{"start": {"cmd": "x", "service_params": {}}, "mine": {"type": "custom", "cmd": "x", "service_params": {}}}',
    ),
    'nodes.0.services.start.service_params: has no meaning here; it belongs to backup and restore and delete_snapshot and custom services',
  ],
  [
    'an endpoint that leads to no port',
    withCluster('"endpoints": {"web": {"port": "env.port"}}'),
    'endpoints.web.port: "env.port" leads to no port; the endpoint is not shown',
  ],
  [
    'an unknown backup policy',
    withCluster('"backup_policy": "tape"'),
    'backup_policy: "tape" is none of device, custom; kept as it is',
  ],
  [
    'an unknown upgrading policy',
    withCluster('"upgrading_policy": "random"'),
    'upgrading_policy: "random" is none of sequential, parallel; kept as it is',
  ],
  [
    'an advanced service without a command',
    withCluster('"advanced_services": {"update_nodes_names": {}}'),
    'advanced_services.update_nodes_names.cmd: is missing; the service is left out',
  ],
  [
    'an advanced service over its limit',
    withCluster('"advanced_services": {"update_nodes_names": {"cmd": "x", "timeout": 31}}'),
    'advanced_services.update_nodes_names.timeout: is over the limit; 30 seconds are used',
  ],
  [
    'a health check that is too fast',
    withCluster('"health_check": {"interval_sec": 30}'),
    'health_check.interval_sec: 30 is below the limit, 60',
  ],
  [
    'a health check that takes too long',
    withCluster('"health_check": {"timeout_sec": 61}'),
    'health_check.timeout_sec: is longer than the interval between two checks',
  ],
  [
    'a health check of nothing',
    withNode('"health_check": {"enable": true}'),
    'nodes.0.health_check.check_cmd: is missing; nothing is checked',
  ],
  [
    'a monitor of nothing',
    withCluster('"monitor": {"enable": true}'),
    'monitor.cmd: is missing; nothing is measured',
  ],
  [
    'too many items to monitor',
    withCluster(
      `"monitor": {"items": {${Array.from({ length: 51 }, (_, index) => `"i${index}": {}`).join(',')}}}`,
    ),
    'monitor.items: 51 are over the limit, 50',
  ],
  [
    'an item of an unknown type',
    withCluster('"monitor": {"items": {"i": {"value_type": "float"}}}'),
    'monitor.items.i.value_type: "float" is neither int nor str',
  ],
  [
    'an item with statistics of another type',
    withCluster('"monitor": {"items": {"i": {"value_type": "str", "statistics_type": "avg"}}}'),
    'monitor.items.i.statistics_type: "avg" is none of mode, latest',
  ],
  [
    'a group of too many items',
    withCluster('"monitor": {"groups": {"g": []}}'),
    'monitor.groups.g: has 0 items; 1 to 5 are shown together',
  ],
  [
    'a group of an unknown item',
    withCluster('"monitor": {"groups": {"g": ["x"]}}'),
    'monitor.groups.g: "x" is no item',
  ],
  [
    'an unknown item on display',
    withCluster('"monitor": {"display": ["x"]}'),
    'monitor.display: "x" is neither an item nor a group',
  ],
  [
    'an alarm for an unknown item',
    withCluster('"monitor": {"alarm": ["x"]}'),
    'monitor.alarm: "x" is no item',
  ],
  [
    'too many tabs',
    withCluster(
      `"display_tabs": {${Array.from({ length: 6 }, (_, index) => `"tab ${index}": {"cmd": "x"}`).join(',')}}`,
    ),
    'display_tabs: 6 are over the limit, 5',
  ],
  [
    'a tab without a command',
    withCluster('"display_tabs": {"the tab": {}}'),
    'display_tabs.the tab.cmd: is missing; the tab stays empty',
  ],
  [
    'a tab of an unknown role',
    withCluster('"display_tabs": {"t": {"cmd": "x", "roles_to_execute_on": ["chief"]}}'),
    'display_tabs.t.roles_to_execute_on: there is no role "chief"',
  ],
  [
    'a tab over its limit',
    withCluster('"display_tabs": {"t": {"cmd": "x", "timeout": 11}}'),
    'display_tabs.t.timeout: is over the limit, 10 seconds',
  ],
  [
    'a key of the form that occurs twice',
    withItem('"default":"x","min":1,"min":2'),
    'properties.0.properties.1.min: this key occurs twice in its object; the last one counts',
  ],
  [
    'an item of the form that occurs twice',
    withItem('"default":"x","required":"no"},{"key":"name","label":"Name","type":"string","default":"y"'),
    'cluster.name: this key occurs twice; the last one counts',
  ],
  [
    'no label',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"label":"Name",', '')),
    'cluster.name.label: is missing',
  ],
  [
    'a description in lines',
    withItem('"default":"x","description":["a","b"]'),
    'cluster.name.description: is an array of strings; taken as its lines',
  ],
  [
    'a string that is named like a secret',
    withItem(
      '"default":"x","required":"no"},{"key":"api_token","label":"T","description":"d","type":"string","default":"x"',
    ),
    'cluster.api_token.type: is string, and the key is named like a secret: its value is sent, stored and shown in clear text; a password is sealed',
  ],
  [
    'no type',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"type":"string",', '')),
    'cluster.name.type: is missing; any value is accepted',
  ],
  [
    'a group without items',
    withItem('"default":"x","required":"no"},{"key":"empty","type":"array"'),
    'cluster.empty.properties: is missing; the group is empty',
  ],
  [
    'a required of another spelling',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace('"required":"no"', '"required":0')),
    'cluster.name.required: is spelled 0; taken as "no"',
  ],
  [
    'no required',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG.replace(',"required":"no"', '')),
    'cluster.name.required: is missing; taken as "no"',
  ],
  [
    'a flag that is text',
    withItem('"default":"x","changeable":"no"'),
    'cluster.name.changeable: is the string "no"; taken as false',
  ],
  [
    'a placeholder in quotes',
    withCluster('"name": "{{cluster.name}}"'),
    'cluster.name: needs no quotes: its value is written as JSON',
  ],
  [
    'a replace_policy',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('replace_policy.json', '{')),
    'undefined: is not used: it is about how a console replaces nodes',
  ],
  [
    'a package.json without a name',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('package.json', '{}')),
    'name: is missing',
  ],
  [
    'a locale that does not parse',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('locale/en.json', '{')),
    'undefined: the text ends where a key in double quotes is expected; nothing of this file is used',
  ],
  [
    'a locale of something else',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('locale/en.json', '{"a": 1}')),
    'undefined: must map texts to texts',
  ],
  [
    'a text of a locale twice',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('locale/en.json', '{"a": "1", "a": "2"}')),
    'a: this key occurs twice; the last one counts',
  ],
];
