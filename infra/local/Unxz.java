import java.io.FileInputStream;
import java.io.FileOutputStream;
import org.tukaani.xz.XZInputStream;

/** Unpacks one `.xz` file: `java -cp xz.jar Unxz.java FROM TO`. The `xz` program is not everywhere. */
class Unxz {
  public static void main(String[] args) throws Exception {
    try (var from = new XZInputStream(new FileInputStream(args[0]));
        var to = new FileOutputStream(args[1])) {
      from.transferTo(to);
    }
  }
}
