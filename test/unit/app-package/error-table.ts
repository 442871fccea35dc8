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

export const ERRORS: readonly FaultRow[] = [
  ['no config.json', [textFile('cluster.json.mustache', '{}')], 'config.json: is missing'],
  [
    'no template',
    [textFile('config.json', CONFIG)],
    'cluster.json.mustache: is missing, and so is cluster.json.tmpl',
  ],
  [
    'two templates',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('cluster.json.tmpl', '{}')),
    'cluster.json.tmpl: exists as well as cluster.json.mustache; a package has one of them',
  ],
  [
    'a form that does not parse',
    packageOf(`{"nodes": [${NODE}]}`, '{\n "properties": [,]}'),
    'config.json:2:17: there is "," where a value is expected',
  ],
  [
    'a form without properties',
    packageOf(`{"nodes": [${NODE}]}`, '{}'),
    'config.json: properties: is missing: there is no form',
  ],
  [
    'a form that is no object',
    packageOf(`{"nodes": [${NODE}]}`, '[]'),
    'config.json: must be an object with "properties"',
  ],
  [
    'an item without a key',
    packageOf('{}', '{"properties": [{"type": "string"}]}'),
    'config.json: properties[0]: must be an object with a "key", a string that is not empty',
  ],
  [
    'a template that does not parse',
    packageOf(`{"nodes": [${NODE}],\n  "name": {{cluster.name}} "env": {}}`),
    'cluster.json.mustache:2:28: there is "\\"" where "," or "}" is expected',
  ],
  [
    'a placeholder without its key',
    packageOf(`{"name": {{cluster.Name}},\n "nodes": [${NODE}]}`),
    'cluster.json.mustache:1:10: cluster.Name: config.json has no such key; is cluster.name meant?',
  ],
  [
    'a placeholder that names a group',
    packageOf(`{"name": {{cluster}}, "nodes": [${NODE}]}`),
    'cluster.json.mustache:1:10: cluster: names a group, not a value',
  ],
  [
    'a section of mustache',
    packageOf(`{"nodes": [${NODE}]{{#x}}}`),
    `cluster.json.mustache:1:${NODE.length + 13}: a placeholder is a dotted path; {{#x}} is none (there are no sections, conditions, loops or functions)`,
  ],
  [
    'a placeholder inside a string',
    packageOf(`{"name": "a-{{cluster.name}}", "nodes": [${NODE}]}`),
    'cluster.json.mustache:1:13: a placeholder is a whole value and cannot stand inside of a text',
  ],
  [
    'no nodes',
    packageOf('{"name": "x"}'),
    'cluster.json.mustache: nodes: is missing or empty: there is no node',
  ],
  [
    'an empty list of nodes',
    packageOf('{"nodes": []}'),
    'cluster.json.mustache: nodes: is missing or empty: there is no node',
  ],
  [
    'a node that is no object',
    packageOf('{"nodes": [1]}'),
    'cluster.json.mustache: nodes.0: must be an object',
  ],
  [
    'no container',
    packageOf('{"nodes": [{"count": 1, "cpu": 1, "memory": 1}]}'),
    'cluster.json.mustache: nodes.0.container: is missing',
  ],
  [
    'no count',
    packageOf('{"nodes": [{"container": {"type": "kvm", "image": "i"}}]}'),
    'cluster.json.mustache: nodes.0.count: is missing',
  ],
  [
    'a count of the wrong type',
    packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '{{cluster.name}}')}]}`),
    'cluster.json.mustache: nodes.0.count: must be a whole number, not negative, not a string',
  ],
  [
    'a negative count',
    packageOf(`{"nodes": [${NODE.replace('{{cluster.count}}', '-1')}]}`),
    'cluster.json.mustache: nodes.0.count: must be a whole number, not negative, not -1',
  ],
  [
    'two roles without a name',
    packageOf(`{"nodes": [${NODE}, ${NODE}]}`),
    'cluster.json.mustache: nodes.1.role: two roles have no name',
  ],
  [
    'a role named -replica',
    withNode('"role": "a-replica"'),
    'cluster.json.mustache: nodes.0.role: ends in -replica, which is kept for the replicas of a role',
  ],
  [
    'services of the wrong type',
    withNode('"services": []'),
    'cluster.json.mustache: nodes.0.services: must be an object, not an array',
  ],
  [
    'a command of the wrong type',
    withNode('"services": {"start": {"cmd": ["x"]}}'),
    'cluster.json.mustache: nodes.0.services.start.cmd: must be a string, not an array',
  ],
  [
    'a timeout of no time',
    withNode('"services": {"start": {"cmd": "x", "timeout": 0}}'),
    'cluster.json.mustache: nodes.0.services.start.timeout: must be a whole number, 1 or more, not 0',
  ],
  [
    'a volume without a size',
    withNode('"volume": {}'),
    'cluster.json.mustache: nodes.0.volume.size: is missing',
  ],
  [
    'an env that is nested',
    withNode('"env": {"a": {"b": 1}}'),
    'cluster.json.mustache: nodes.0.env.a: must be a string, a number, true, false or null',
  ],
  [
    'a pattern that does not compile',
    withItem('"default":"x","pattern":"("'),
    'config.json: cluster.name.pattern: does not compile: missing closing ): `(`',
  ],
  [
    'a default of the wrong type',
    withItem('"default":5'),
    'config.json: cluster.name.default: must be a string, not 5',
  ],
  [
    'a range of the wrong type',
    withItem('"default":"x","range":"x"'),
    'config.json: cluster.name.range: must be an array, not a string',
  ],
  [
    'a min of the wrong type',
    withItem('"default":"x","min":"1"'),
    'config.json: cluster.name.min: must be a number, not a string',
  ],
  ['a template that is no object', packageOf('[1]'), 'cluster.json.mustache: must be an object'],
  [
    'two roles of one name',
    packageOf(`{"nodes": [${[NODE, NODE].map((node) => node.replace(/\}$/, ', "role": "a"}')).join(',')}]}`),
    'cluster.json.mustache: nodes.1.role: two roles are named "a"',
  ],
  [
    'a link that is no id',
    withCluster('"links": {"zk": 5}'),
    'cluster.json.mustache: links.zk: must be the id of a cluster, a string',
  ],
  [
    'an endpoint without a port',
    withCluster('"endpoints": {"web": {}}'),
    'cluster.json.mustache: endpoints.web.port: must be a port, or the path of an env value such as "env.port"',
  ],
  [
    'load balancers of the wrong type',
    withNode('"loadbalancer": 5'),
    'cluster.json.mustache: nodes.0.loadbalancer: must be a list of load balancers',
  ],
  [
    'mount points of the wrong type',
    withNode('"volume": {"size": 10, "mount_point": [5]}'),
    'cluster.json.mustache: nodes.0.volume.mount_point: must be a path, or an array of paths',
  ],
  [
    'a mount point twice',
    withNode('"volume": {"size": 20, "mount_point": ["/a", "/a/"]}'),
    'cluster.json.mustache: nodes.0.volume.mount_point: names a path twice',
  ],
  [
    'an advanced service that is no object',
    withCluster('"advanced_services": {"update_nodes_names": "x"}'),
    'cluster.json.mustache: advanced_services.update_nodes_names: must be an object',
  ],
  [
    'a known service that is no object',
    withService('{"start": "x"}'),
    'cluster.json.mustache: nodes.0.services.start: must be an object, not a string',
  ],
  [
    'a flag that is a word',
    withItem('"default":"x","changeable":"perhaps"'),
    'config.json: cluster.name.changeable: must be true or false, not a string',
  ],
  [
    'limits without versions',
    withItem('"default":"x","type":"service","limits":{"app-1":"v1"}'),
    'config.json: cluster.name.limits: must name a list of versions for each app',
  ],
  [
    'a port of the wrong type',
    withItem('"default":"x","port":"80"'),
    'config.json: cluster.name.port: must be a number or an array of numbers',
  ],
  [
    'a package.json that is no object',
    packageOf(`{"nodes": [${NODE}]}`, CONFIG, textFile('package.json', '[]')),
    'package.json: must be an object',
  ],
  [
    'a password where only text may stand',
    packageOf(
      `{"nodes": [${NODE}], "description": {{cluster.name}}}`,
      CONFIG.replace('"type":"string"', '"type":"password"'),
    ),
    'cluster.json.mustache: description: must be a string, not an object',
  ],
  [
    'a health check whose interval is text',
    withNode('"health_check": {"interval_sec": "60"}'),
    'cluster.json.mustache: nodes.0.health_check.interval_sec: must be a whole number, not negative, not a string',
  ],
  [
    'an upgrade policy that is no list',
    withCluster('"upgrade_policy": "appv-1"'),
    'cluster.json.mustache: upgrade_policy: must be an array of strings, not a string',
  ],
  [
    'a key that is not quoted',
    packageOf('{"nodes": [], name: 1}'),
    'cluster.json.mustache:1:15: there is "n" where a key in double quotes is expected',
  ],
  [
    'a byte order mark',
    packageOf(`{"nodes": [${NODE}]}`, `\uFEFF${CONFIG}`),
    'config.json:1:1: the file begins with a byte order mark; save it as UTF-8 without one',
  ],
  [
    'a path without its dot in a .tmpl',
    [
      textFile('config.json', CONFIG),
      textFile(
        'cluster.json.tmpl',
        '{"nodes": [{"container": {"type": "kvm", "image": "i"}, "cpu": 1, "memory": 1024, "count": 1}], "name": {{cluster.name}}}',
      ),
    ],
    'cluster.json.tmpl: in a .tmpl file a path begins with a dot: {{.cluster.name}}',
  ],
];
