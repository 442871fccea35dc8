// For recording: preloaded, so that what is committed names no machine and no user.
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { isMainThread } from 'node:worker_threads';

const user = os.userInfo();
os.hostname = () => 'recorder';
os.userInfo = (() => ({ ...user, username: 'somebody' })) as typeof os.userInfo;
syncBuiltinESMExports();

// Failures of activities carry stacks, and stacks carry the paths of this machine. Workflows run in
// threads, and the SDK reads their stacks.
if (isMainThread) Error.stackTraceLimit = 0;
