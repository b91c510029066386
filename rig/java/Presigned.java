package rig;

import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A URL presigned with AWS Signature Version 4, taken apart. */
final class Presigned {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");

    private final URI url;
    private final Map<String, String> query = new TreeMap<>();
    private final String[] scope;

    Presigned(URI url) {
        this.url = url;
        for (String pair : (url.getRawQuery() == null ? "" : url.getRawQuery()).split("&")) {
            String[] parts = pair.split("=", 2);
            query.put(decoded(parts[0]), parts.length > 1 ? decoded(parts[1]) : "");
        }
        String[] credential = get("X-Amz-Credential").split("/");
        scope = credential.length == 5 ? credential : new String[] {"", "", "", "", ""};
    }

    /** The value of that parameter, or the empty text. */
    String get(String name) {
        return query.getOrDefault(name, "");
    }

    String accessKey() {
        return scope[0];
    }

    String region() {
        return scope[2];
    }

    String service() {
        return scope[3];
    }

    Instant start() {
        try {
            return LocalDateTime.parse(get("X-Amz-Date"), TIME).toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException e) {
            return Instant.EPOCH;
        }
    }

    long seconds() {
        String text = get("X-Amz-Expires");
        return text.matches("[0-9]{1,9}") ? Long.parseLong(text) : 0;
    }

    /** What the signature has to be, given the secret. */
    String signature(String secret) {
        // MSK's clients add `User-Agent` after they have signed.
        String canonical = query.entrySet().stream()
            .filter(e -> !e.getKey().equals("X-Amz-Signature") && !e.getKey().equals("User-Agent"))
            .map(e -> encoded(e.getKey()) + "=" + encoded(e.getValue()))
            .collect(Collectors.joining("&"));
        String request = String.join("\n", "GET", "/", canonical, "host:" + url.getHost(), "", "host", hex(sha256("")));
        String where = String.join("/", scope[1], scope[2], scope[3], scope[4]);
        String text = String.join("\n", "AWS4-HMAC-SHA256", get("X-Amz-Date"), where, hex(sha256(request)));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (int i = 1; i < scope.length; i++) {
            key = hmac(key, scope[i]);
        }
        return hex(hmac(key, text));
    }

    private static String decoded(String text) {
        // A plus sign is itself here, not a space.
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        String form = URLEncoder.encode(text, StandardCharsets.UTF_8);
        return form.replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    private static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String hex(byte[] bytes) {
        return HexFormat.of().formatHex(bytes);
    }
}
