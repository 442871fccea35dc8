import { quoteForShell } from '../../nodes/index.ts';
import { readCloudConfig, type CloudConfig, type CloudConfigUser } from '../../provider-utils/index.ts';

/** What the image of every machine has before cloud-init runs. */
const IMAGE = `set -eu
umask 022
mkdir -p /root /home /opt /srv /mnt /media /tmp /usr/local/sbin \\
  /var/lib /var/log /var/cache /var/spool /var/tmp /var/mail /etc/ssh /etc/sudoers.d
chmod 700 /root
chmod 1777 /tmp /var/tmp
ln -sfn /run /var/run
ln -sfn /run/lock /var/lock
printf '# no disk but the root disk\\n' > /etc/fstab
rm -rf /etc/ssh/sshd_config.d
cat > /etc/ssh/sshd_config <<'end'
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
PrintMotd no
PidFile /run/sshd.pid
Subsystem sftp internal-sftp
end
cat > /usr/local/sbin/reboot <<'end'
#!/bin/sh
: > /run/reboot-wanted
kill -TERM 1
end
printf '#!/bin/sh\\nkill -TERM 1\\n' > /usr/local/sbin/poweroff
chmod 755 /usr/local/sbin/reboot /usr/local/sbin/poweroff
rm -f /usr/sbin/reboot /usr/sbin/poweroff
install_keys() {
  folder=$(getent passwd "$1" | cut -d: -f6)/.ssh
  mkdir -p "$folder"
  cat >> "$folder/authorized_keys"
  chmod 700 "$folder"
  chmod 600 "$folder/authorized_keys"
  chown -R "$1:" "$folder"
}
`;

/**
 * The script of a machine's first boot: its image, then what cloud-init would do with the user-data.
 * Without readable user-data the machine boots too, with unknown host keys and no authorized keys, as a
 * real one does.
 */
export function buildFirstBoot(userData: string, log: (message: string) => void): string {
  let config: CloudConfig | null = null;
  try {
    config = readCloudConfig(userData);
  } catch (error) {
    log(`a machine boots without its user-data: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (config === null) return `${IMAGE}rm -f /etc/ssh/ssh_host_*\nssh-keygen -A\n`;
  return [
    IMAGE,
    config.hostname === '' ? '' : installHostname(config.hostname),
    ...installHostKeys(config),
    ...config.users.map(installUser),
    config.authorizedKeys.length > 0 && !config.disableRoot
      ? installAuthorizedKeys('root', config.authorizedKeys)
      : '',
    '',
  ].join('\n');
}

function installHostname(hostname: string): string {
  const name = quoteForShell(hostname);
  return `hostname ${name}
printf '%s\\n' ${name} > /etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 %s\\n::1 localhost\\n' ${name} > /etc/hosts`;
}

function installHostKeys(config: CloudConfig): readonly string[] {
  const keys = Object.entries(config.hostKeys);
  return [
    config.deleteHostKeys || keys.length > 0 ? 'rm -f /etc/ssh/ssh_host_*' : '',
    ...keys.map(([type, { privateKey, publicKey }]) => {
      const path = `/etc/ssh/ssh_host_${type}_key`;
      return `( umask 077; printf '%s\\n' ${quoteForShell(privateKey.trimEnd())} > ${path} )
printf '%s\\n' ${quoteForShell(publicKey)} > ${path}.pub`;
    }),
    // cloud-init makes keys where it was given none.
    keys.length === 0 ? 'ssh-keygen -A' : '',
  ];
}

function installUser(user: CloudConfigUser): string {
  const name = quoteForShell(user.name);
  const lines = [
    // An account with ! for a password counts as locked where sshd does not ask PAM.
    `getent passwd ${name} > /dev/null || useradd --create-home --shell ${quoteForShell(user.shell)} --password '*' ${name}`,
    user.authorizedKeys.length === 0 ? '' : installAuthorizedKeys(user.name, user.authorizedKeys),
    user.sudo === ''
      ? ''
      : `printf '%s\\n' ${quoteForShell(`${user.name} ${user.sudo}`)} >> /etc/sudoers.d/90-cloud-init-users
chmod 440 /etc/sudoers.d/90-cloud-init-users`,
  ];
  return lines.join('\n');
}

function installAuthorizedKeys(user: string, keys: readonly string[]): string {
  return `printf '%s\\n' ${keys.map(quoteForShell).join(' ')} | install_keys ${quoteForShell(user)}`;
}
