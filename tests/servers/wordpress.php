<?php
// Does what a list of steps on standard input says, within a WordPress whose files are in argv[1]; prints what came of each.
$_SERVER += ['HTTP_HOST' => getenv('PLACE'), 'REQUEST_URI' => '/', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'REMOTE_ADDR' => '127.0.0.1'];
$steps = json_decode(stream_get_contents(STDIN), true);
if ($steps[0]['do'] === 'install') {
    define('WP_INSTALLING', true);
}
require $argv[1] . '/wp-load.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

function step(array $step) {
    global $wpdb;
    switch ($step['do']) {
        case 'install':
            wp_install('Courier', 'desk', 'desk@courier.example', true, '', 'not-secret');
            wp_delete_comment(1, true);
            return null;
        case 'option':
            update_option($step['name'], $step['value']);
            return null;
        case 'permalinks':
            global $wp_rewrite;
            $wp_rewrite->set_permalink_structure($step['value']);
            $wp_rewrite->flush_rules(true);
            return null;
        case 'theme':
            switch_theme($step['name']);
            return get_stylesheet();
        case 'post':
            $id = wp_insert_post(['post_title' => $step['title'], 'post_content' => $step['text'], 'post_status' => 'publish',
                'post_author' => 1, 'post_date' => '2026-03-01 08:00:00', 'post_name' => $step['slug']]);
            return ['id' => $id, 'url' => get_permalink($id)];
        case 'comment':
            return wp_insert_comment(wp_slash([
                'comment_post_ID' => $step['post'], 'comment_parent' => $step['parent'] ?? 0,
                'comment_author' => $step['author'] ?? '', 'comment_author_email' => 'reader@courier.example',
                'comment_content' => $step['text'], 'comment_type' => $step['type'] ?? 'comment',
                'comment_date' => $step['at'], 'comment_date_gmt' => $step['at'], 'user_id' => $step['user'] ?? 0,
                'comment_approved' => $step['approved'] ?? '1', 'comment_author_url' => $step['link'] ?? '',
            ]));
        case 'edit':
            return wp_update_comment(wp_slash(['comment_ID' => $step['id'], 'comment_content' => $step['text']]));
        case 'trash':
            return wp_trash_comment($step['id']);
        case 'untrash':
            return wp_untrash_comment($step['id']);
        case 'delete':
            return wp_delete_comment($step['id'], true);
        case 'rename':
            return $wpdb->update($wpdb->comments, ['comment_author' => $step['author']], ['comment_ID' => $step['id']]);
        case 'count':
            return wp_update_comment_count_now($step['post']);
        case 'comments':
            return $wpdb->get_results($wpdb->prepare("select comment_ID as id, comment_parent as parent, comment_author as author,
                comment_date_gmt as at, comment_content as text, comment_type as type, user_id as user from $wpdb->comments
                where comment_post_ID = %d and comment_approved = '1' order by comment_ID", $step['post']));
    }
    throw new Exception('unknown step ' . $step['do']);
}

echo json_encode(array_map('step', $steps));
