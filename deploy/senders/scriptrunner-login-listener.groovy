/*
 * ScriptRunner for Confluence: a custom event listener on
 *     com.atlassian.confluence.event.events.security.LoginEvent
 * and, because somebody without a licence may not get as far as that event, also on
 *     com.atlassian.confluence.event.events.security.NoConfluencePermissionEvent
 *
 * Tells Seatkeeper about each login. It never delays one: the event is handed to a pool of two threads with a bounded
 * queue, connecting and reading have time-outs, and a full queue drops events instead of holding people up. What is
 * dropped or fails is not lost for good: the next login of the same person tells it again.
 *
 * The secret is read from a file on the Confluence node (readable by its service account only), so that it is neither
 * in the script nor in the audit log of ScriptRunner.
 */
import com.atlassian.confluence.user.AuthenticatedUserThreadLocal
import groovy.json.JsonOutput
import groovy.transform.Field
import org.slf4j.LoggerFactory

import java.nio.charset.StandardCharsets
import java.nio.file.Files
import java.nio.file.Paths
import java.util.concurrent.ArrayBlockingQueue
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.ThreadFactory
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec

@Field static final String ADDRESS = 'https://seatkeeper.example.com/hooks/login'
@Field static final String SECRET_FILE = '/etc/seatkeeper/hook-secret'
@Field static final int CONNECT_MILLISECONDS = 3_000
@Field static final int READ_MILLISECONDS = 25_000

/* Kept between events. Threads end when there is nothing to do, so an updated script leaves none behind. */
@Field static final ThreadPoolExecutor POOL = makePool()

static ThreadPoolExecutor makePool() {
    ThreadFactory threads = { Runnable work ->
        def thread = new Thread(work, 'seatkeeper-login')
        thread.daemon = true
        thread
    } as ThreadFactory
    def pool = new ThreadPoolExecutor(2, 2, 30, TimeUnit.SECONDS, new ArrayBlockingQueue<Runnable>(1_000), threads)
    pool.allowCoreThreadTimeOut(true)
    pool
}

static String sign(byte[] secret, byte[] body) {
    def mac = Mac.getInstance('HmacSHA256')
    mac.init(new SecretKeySpec(secret, 'HmacSHA256'))
    'sha256=' + mac.doFinal(body).encodeHex().toString()
}

static void deliver(String name, long at) {
    def log = LoggerFactory.getLogger('seatkeeper.login')
    try {
        def secret = new String(Files.readAllBytes(Paths.get(SECRET_FILE)), StandardCharsets.UTF_8).trim()
        /* The bytes that are signed are the bytes that are sent. */
        def body = JsonOutput.toJson([event: 'login', username: name, timestamp: at]).getBytes(StandardCharsets.UTF_8)
        def connection = (HttpURLConnection) new URL(ADDRESS).openConnection()
        connection.with {
            requestMethod = 'POST'
            connectTimeout = CONNECT_MILLISECONDS
            readTimeout = READ_MILLISECONDS
            instanceFollowRedirects = false
            doOutput = true
            setRequestProperty('Content-Type', 'application/json')
            setRequestProperty('X-Hub-Signature', sign(secret.getBytes(StandardCharsets.UTF_8), body))
        }
        connection.outputStream.withCloseable { it.write(body) }
        if (connection.responseCode != 200) {
            log.warn('Seatkeeper answered {} to a login event', connection.responseCode)
        }
        connection.disconnect()
    } catch (IOException error) {
        log.warn('a login event was not delivered to Seatkeeper: {}', error.toString())
    }
}

def name = event.hasProperty('username') ? event.username : AuthenticatedUserThreadLocal.get()?.name
def at = event.hasProperty('timestamp') ? event.timestamp as long : System.currentTimeMillis()
if (name) {
    try {
        POOL.execute { deliver(name as String, at) }
    } catch (RejectedExecutionException ignored) {
        LoggerFactory.getLogger('seatkeeper.login').warn('too many login events wait for Seatkeeper; one was dropped')
    }
}
