import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** A producer that is none of ours: lines of key, tab, value from a file, compressed as asked. */
public final class ForeignProducer {
  /** Arguments: brokers, topic, codec, how a transaction ends (none, commit, abort), file. */
  public static void main(String[] args) throws Exception {
    boolean inTransaction = !args[3].equals("none");
    Properties settings = new Properties();
    settings.put("bootstrap.servers", args[0]);
    settings.put("compression.type", args[2]);
    settings.put("linger.ms", "50");
    settings.put("batch.size", "200000");
    if (inTransaction) settings.put("transactional.id", "foreign-" + args[2] + args[3]);
    StringSerializer text = new StringSerializer();
    try (KafkaProducer<String, String> producer = new KafkaProducer<>(settings, text, text)) {
      if (inTransaction) {
        producer.initTransactions();
        producer.beginTransaction();
      }
      for (String line : Files.readAllLines(Path.of(args[4]), StandardCharsets.UTF_8)) {
        int tab = line.indexOf('\t');
        producer.send(new ProducerRecord<>(args[1], line.substring(0, tab), line.substring(tab + 1)));
      }
      producer.flush();
      if (args[3].equals("commit")) producer.commitTransaction();
      if (args[3].equals("abort")) producer.abortTransaction();
    }
  }
}
