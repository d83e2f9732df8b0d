import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** A producer that is none of ours: lines of key, tab, value from files, compressed as asked. */
public final class ForeignProducer {
  /**
   * Arguments: brokers, topic, and then for each file its codec, how its transaction ends (none,
   * commit, abort) and its name.
   */
  public static void main(String[] args) throws Exception {
    for (int at = 2; at < args.length; at += 3) {
      produce(args[0], args[1], args[at], args[at + 1], Path.of(args[at + 2]));
    }
  }

  private static void produce(String brokers, String topic, String codec, String end, Path file)
      throws Exception {
    boolean inTransaction = !end.equals("none");
    Properties settings = new Properties();
    settings.put("bootstrap.servers", brokers);
    settings.put("compression.type", codec);
    settings.put("linger.ms", "50");
    settings.put("batch.size", "200000");
    if (inTransaction) settings.put("transactional.id", "foreign-" + codec + end);
    StringSerializer text = new StringSerializer();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, text, text)) {
      if (inTransaction) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        int tab = line.indexOf('\t');
        producer.send(new ProducerRecord<>(topic, line.substring(0, tab), line.substring(tab + 1)));
      }
      producer.flush();
      if (end.equals("commit")) producer.commitTransaction();
      if (end.equals("abort")) producer.abortTransaction();
    }
  }
}
