/**
 * Settings as given, and the installation's credentials -> how each server is entered: URLs with
 * user and password, and what Kafka requires.
 */
import { readCredentials, withLogin, type LoginName } from './credentials.ts';

export interface KafkaAccess {
  readonly brokers: readonly string[];
  readonly sasl: KafkaSasl | null;
  readonly tls: boolean;
  /** A file of certificates (PEM) to trust beside those of the system. */
  readonly ca: string | null;
}

export interface KafkaSasl {
  readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
  readonly username: string;
  readonly password: string;
}

export interface GivenServers {
  readonly questdbUrl: string;
  readonly questdbPgUrl: string;
  readonly postgresUrl: string;
  readonly redisUrl: string;
  readonly kafkaBrokers: readonly string[];
  readonly kafkaSasl: 'off' | KafkaSasl['mechanism'];
  readonly kafkaUser: string | null;
  readonly kafkaPassword: string | null;
  readonly kafkaTls: 'off' | 'on';
  readonly tlsCa: string | null;
}

/** Of all settings those that name servers. */
export const givenServers = (all: GivenServers): GivenServers => ({
  questdbUrl: all.questdbUrl,
  questdbPgUrl: all.questdbPgUrl,
  postgresUrl: all.postgresUrl,
  redisUrl: all.redisUrl,
  kafkaBrokers: all.kafkaBrokers,
  kafkaSasl: all.kafkaSasl,
  kafkaUser: all.kafkaUser,
  kafkaPassword: all.kafkaPassword,
  kafkaTls: all.kafkaTls,
  tlsCa: all.tlsCa,
});

export interface ServerAccess {
  readonly questdbUrl: string;
  readonly questdbPgUrl: string;
  readonly postgresUrl: string;
  readonly redisUrl: string;
  /** Throws where SASL is configured and neither a setting nor the credentials have a password. */
  readonly kafka: KafkaAccess;
}

/**
 * `settings` with the access to each server. It is looked up when it is needed, not before: the
 * first start makes the credentials with the configuration in its hand.
 */
export function withAccess<T extends object>(
  settings: T,
  given: GivenServers,
  dataDir: string,
): T & ServerAccess {
  const open = (url: string, name: LoginName): string =>
    // An installation whose URLs are whole needs no file.
    new URL(url).password === '' ? withLogin(url, readCredentials(dataDir)[name]) : url;
  const access: ServerAccess = {
    get questdbUrl() {
      return open(given.questdbUrl, 'questdb_http');
    },
    get questdbPgUrl() {
      return withAuthority(open(given.questdbPgUrl, 'questdb_pg'), given.tlsCa);
    },
    get postgresUrl() {
      return withAuthority(open(given.postgresUrl, 'postgres'), given.tlsCa);
    },
    get redisUrl() {
      return open(given.redisUrl, 'redis');
    },
    get kafka() {
      const { kafkaBrokers: brokers, kafkaTls, tlsCa: ca } = given;
      return { brokers, sasl: readSasl(given, dataDir), tls: kafkaTls === 'on', ca };
    },
  };
  const getters = Object.getOwnPropertyDescriptors(access);
  return Object.defineProperties(settings, getters) as T & ServerAccess;
}

function readSasl(given: GivenServers, dataDir: string): KafkaSasl | null {
  const { kafkaSasl: mechanism, kafkaUser, kafkaPassword } = given;
  if (mechanism === 'off') return null;
  const known = readCredentials(dataDir).kafka;
  const ours = kafkaUser === null || kafkaUser === known?.user ? known : undefined;
  const username = kafkaUser ?? known?.user;
  const password = kafkaPassword ?? ours?.password;
  if (username !== undefined && password !== undefined) return { mechanism, username, password };
  throw new Error(
    `TICKLOOM_KAFKA_SASL is ${mechanism}, and there is no user and password: set ` +
      'TICKLOOM_KAFKA_USER and TICKLOOM_KAFKA_PASSWORD',
  );
}

/** A PostgreSQL URL that requests TLS by `sslmode`, with the authority of the settings to trust. */
function withAuthority(url: string, ca: string | null): string {
  const parsed = new URL(url);
  const mode = parsed.searchParams.get('sslmode');
  if (ca === null || mode === null || mode === 'disable') return url;
  if (!parsed.searchParams.has('sslrootcert')) parsed.searchParams.set('sslrootcert', ca);
  return parsed.href;
}
