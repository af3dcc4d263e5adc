#!/bin/sh
# An agent over the Agent Client Protocol for tests, which does by its first argument what agents should and should not. What it hears
# is written to the file that LOG names; what it remembers of sessions lies in the directory of its second argument.
mode=$1
memory=$2
mkdir -p "$memory"
echo "$$ started" >>"$LOG"
answer() {
    printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$1" "$2"
}
refuse() {
    printf '{"jsonrpc":"2.0","id":%s,"error":{"code":%s,"message":"%s"}}\n' "$1" "$2" "$3"
}
update() {
    printf '{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"%s","update":%s}}\n' "$session" "$1"
}
say() {
    update "{\"sessionUpdate\":\"agent_message_chunk\",\"content\":{\"type\":\"text\",\"text\":\"$1\"}}"
}
ask() {
    printf '{"jsonrpc":"2.0","id":"%s","method":"%s","params":%s}\n' "$1" "$2" "$3"
}
leave() {
    ask "$1" session/request_permission "{\"sessionId\":\"$session\",\"toolCall\":{\"toolCallId\":\"$2\",\"title\":\"Make the change\",\"kind\":\"execute\",\"rawInput\":{\"command\":\"touch made\"}},\"options\":[{\"optionId\":\"yes\",\"name\":\"Allow\",\"kind\":\"allow_once\"},{\"optionId\":\"ever\",\"name\":\"Always\",\"kind\":\"allow_always\"},{\"optionId\":\"no\",\"name\":\"Reject\",\"kind\":\"reject_once\"}]}"
}
run() {
    ask t1 terminal/create "{\"sessionId\":\"$session\",\"command\":\"$1\",\"args\":$2$3}"
}
terminal() {
    ask "$1" "terminal/$2" "{\"sessionId\":\"$session\",\"terminalId\":\"$terminal\"}"
}
stop() {
    answer "$prompt" "{\"stopReason\":\"$1\"}"
}
prompted() {
    if [ "$mode" = dies-early ] && [ ! -e "$memory/died" ]; then
        : >"$memory/died"
        update '{"sessionUpdate":"usage_update","used":0,"size":200000}'
        exit 5
    fi
    case $mode in
    asks | late)
        update '{"sessionUpdate":"tool_call","toolCallId":"c1","title":"Make the change","kind":"execute","status":"pending"}'
        leave p1 c1
        ;;
    twice)
        update '{"sessionUpdate":"tool_call","toolCallId":"c1","title":"Make the change","kind":"execute","status":"in_progress"}'
        say "about to"
        leave p1 c1
        leave p2 c1
        ;;
    reads) ask r1 fs/read_text_file "{\"sessionId\":\"$session\",\"path\":\"$PWD/notes.txt\"}" ;;
    writes) ask w1 fs/write_text_file "{\"sessionId\":\"$session\",\"path\":\"$PWD/made\",\"content\":\"new\\n\"}" ;;
    writes-outside) ask w1 fs/write_text_file "{\"sessionId\":\"$session\",\"path\":\"/etc/passwd\",\"content\":\"new\\n\"}" ;;
    outside) ask r1 fs/read_text_file "{\"sessionId\":\"$session\",\"path\":\"/etc/passwd\"}" ;;
    outside-often)
        count=0
        while [ $count -lt 1005 ]; do
            count=$((count + 1))
            ask "o$count" fs/read_text_file "{\"sessionId\":\"$session\",\"path\":\"/etc/passwd\"}"
        done
        ask r1 fs/read_text_file "{\"sessionId\":\"$session\",\"path\":\"/etc/passwd\"}"
        ;;
    other) ask r1 fs/read_text_file "{\"sessionId\":\"another\",\"path\":\"$PWD/notes.txt\"}" ;;
    terminal) run sh '["-c","echo out; echo $MADE; exit 3"]' ;;
    terminal-with) run sh '["-c","pwd; echo $MADE"]' ",\"cwd\":\"$PWD/sub\",\"env\":[{\"name\":\"MADE\",\"value\":\"so\"}]" ;;
    terminal-line) run "printf 1234567890; printf ü" '[]' ',"outputByteLimit":5' ;;
    terminal-outside) run ls '[]' ',"cwd":"/etc"' ;;
    terminal-goes-on | terminal-waits | terminal-killed) run sleep '["1000"]' ;;
    terminal-foreign) ask x1 terminal/output "{\"sessionId\":\"$session\",\"terminalId\":\"t1\"}" ;;
    terminal-granted)
        leave p1 c1
        ;;
    given) ask p1 session/request_permission "$(sed "s/SESSION/$session/" ask.json)" ;;
    tells)
        while IFS= read -r told; do update "$told"; done <told.txt
        if [ -e ask.json ]; then
            ask p1 session/request_permission "$(sed "s/SESSION/$session/" ask.json)"
        else
            stop end_turn
        fi
        ;;
    one-id)
        leave p1 c1
        leave p1 c2
        ;;
    long-id) leave "$(printf '%0300d' 7)" c1 ;;
    killed)
        sleep 1000 &
        echo "$! started" >>"$LOG"
        say "here"
        kill -9 $$
        ;;
    steers | steers-late) say "at work" ;;
    modes)
        case $line in
        *"change it"*) update '{"sessionUpdate":"config_option_update","configOptions":[{"id":"m","category":"model","currentValue":"large","options":[{"value":"small"},{"value":"large"},{"value":"vast"}]}]}' ;;
        *"leave it"*) update '{"sessionUpdate":"current_mode_update","currentModeId":"code"}' ;;
        *'"text":"/'*)
            said=${line#*\"text\":\"}
            say "my own ${said%%\"*}"
            ;;
        esac
        say "hello"
        stop end_turn
        ;;
    unknown) ask u1 tomorrow/method '{}' ;;
    silent | deaf) say "thinking" ;;
    dies)
        say "half of"
        echo "the first thing" >&2
        echo "the disk is on fire" >&2
        exit 3
        ;;
    endless) yes word | tr -d '\n' ;;
    chatters) while :; do say ""; done ;;
    noise)
        echo "a line of a log"
        echo '{"jsonrpc":"2.0","id":77,"result":{}}'
        echo '[1,2'
        say "heard"
        stop end_turn
        ;;
    many)
        n=0
        while [ $n -lt 1100 ]; do
            n=$((n + 1))
            update "{\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"c$n\",\"title\":\"look\",\"kind\":\"read\",\"status\":\"completed\"}"
        done
        say "looked"
        stop end_turn
        ;;
    works)
        update '{"sessionUpdate":"plan","entries":[{"content":"look","status":"completed","priority":"high"},{"content":"build","status":"pending","priority":"low"}]}'
        update '{"sessionUpdate":"session_info_update","title":"A fine title"}'
        update '{"sessionUpdate":"agent_thought_chunk","content":{"type":"text","text":"hm"}}'
        update '{"sessionUpdate":"tool_call","toolCallId":"c1","title":"List","kind":"search","status":"in_progress","rawInput":{"pattern":"*"}}'
        update '{"sessionUpdate":"tool_call_update","toolCallId":"c1","content":[{"type":"content","content":{"type":"text","text":"a.rs"}}]}'
        update '{"sessionUpdate":"tool_call_update","toolCallId":"c1","status":"completed","content":[{"type":"content","content":{"type":"text","text":"a.rs b.rs"}}]}'
        update '{"sessionUpdate":"usage_update","used":1200,"size":200000}'
        say "two files"
        stop end_turn
        ;;
    fails) refuse "$prompt" -32603 "the model is on strike" ;;
    login) refuse "$prompt" -32000 "Authentication required" ;;
    stops-*) say "some" && stop "${mode#stops-}" ;;
    empty) stop end_turn ;;
    *)
        case $line in
        *"began before you"*) say "told anew" ;;
        *) say "hello" ;;
        esac
        stop end_turn
        ;;
    esac
}
answered() {
    case $line in
    *'"id":"t1","result"'*)
        terminal=${line#*\"terminalId\":\"}
        terminal=${terminal%%\"*}
        case $mode in
        terminal-goes-on) say "it runs" && stop end_turn ;;
        terminal-waits) say "it runs" && terminal t2 wait_for_exit ;;
        terminal-killed) terminal t2 wait_for_exit && terminal k1 kill ;;
        *) terminal t2 wait_for_exit ;;
        esac
        ;;
    *'"id":"k1"'*) ;;
    *'"id":"t2"'*)
        exit=${line#*\"result\":}
        terminal t3 output
        ;;
    *'"id":"t3"'*)
        output=${line#*\"result\":}
        terminal t4 release
        ;;
    *'"id":"t4"'*) terminal t5 output ;;
    *'"id":"t5"'*)
        say "$(printf '%s' "${exit%?} ${output%?}" | tr -d '"{}\\')"
        stop end_turn
        ;;
    *'"p1"'* | *'"p2"'*)
        case $mode-$line in
        late-*) ;;
        given-*'"yes"'*) ask w1 fs/write_text_file "$(sed "s/SESSION/$session/" write.json)" ;;
        tells-*)
            while IFS= read -r told; do update "$told"; done <after.txt
            say "that was it"
            stop end_turn
            ;;
        terminal-granted-*'"yes"'*) run "touch made" '[]' ;;
        *'"yes"'*)
            update '{"sessionUpdate":"tool_call_update","toolCallId":"c1","status":"completed","content":[{"type":"content","content":{"type":"text","text":"made"}}]}'
            say "it is done"
            stop end_turn
            ;;
        *'"no"'* | given-*'"cancelled"'*)
            update '{"sessionUpdate":"tool_call_update","toolCallId":"c1","status":"failed"}'
            say "then not"
            stop end_turn
            ;;
        esac
        ;;
    *'"id":"o'*) ;;
    *'"error"'*)
        said=${line#*\"message\":\"}
        say "refused: ${said%\"*}"
        stop end_turn
        ;;
    *)
        said=${line#*\"result\":}
        say "got: $(echo "${said%?}" | tr -d '"{}\\')"
        stop end_turn
        ;;
    esac
}
begin() {
    case $mode in
    wants-login) refuse "$id" -32000 "Authentication required" ;;
    no-session) exit 4 ;;
    *)
        session=session-$$
        : >"$memory/$session"
        [ "$mode" != modes ] || update '{"sessionUpdate":"available_commands_update","availableCommands":[{"name":"init","description":"Looks around"},{"name":"compact","description":"Its own"}]}'
        answer "$id" "{\"modes\":{\"currentModeId\":\"code\",\"availableModes\":[{\"id\":\"code\",\"name\":\"Writes\"},{\"id\":\"plan\",\"name\":\"Plan\",\"description\":\"Looks\"}]},\"sessionId\":\"$session\",\"models\":{\"currentModelId\":\"small\",\"availableModels\":[{\"modelId\":\"small\",\"name\":\"S\"},{\"modelId\":\"large\",\"name\":\"L\"}]}}"
        ;;
    esac
}
find() {
    session=${line#*\"sessionId\":\"}
    session=${session%%\"*}
    if [ -e "$memory/$session" ]; then
        say "all of it again"
        answer "$id" '{}'
    else
        refuse "$id" -32602 "no such session"
    fi
}
while IFS= read -r line; do
    echo "$line" >>"$LOG"
    id=${line#*\"id\":}
    id=${id%%[,\}]*}
    case $line in
    *'"method":"initialize"'*)
        case $mode in
        mute) ;;
        old) answer "$id" '{"protocolVersion":0}' ;;
        gone) echo "no licence" >&2 && exit 1 ;;
        steers*) answer "$id" '{"protocolVersion":1,"agentCapabilities":{"loadSession":true},"_meta":{"steering":{"supported":true}}}' ;;
        forgets) answer "$id" '{"protocolVersion":1,"agentCapabilities":{}}' ;;
        resumes) answer "$id" '{"protocolVersion":1,"agentCapabilities":{"sessionCapabilities":{"resume":{},"close":{}}}}' ;;
        *) answer "$id" '{"protocolVersion":1,"agentCapabilities":{"loadSession":true},"authMethods":[{"id":"a","name":"Log in","description":"Run agent login in a terminal"}]}' ;;
        esac
        ;;
    *'"method":"session/new"'*) begin ;;
    *'"method":"session/load"'* | *'"method":"session/resume"'*) find ;;
    *'"method":"session/prompt"'*)
        prompt=$id
        prompted
        ;;
    *'"method":"session/cancel"'*)
        case $mode in
        deaf) ;;
        late)
            say "this is late"
            stop cancelled
            say "and this is later"
            ;;
        *) stop cancelled ;;
        esac
        ;;
    *'"method":"_session/steering"'*)
        case $mode in
        steers)
            answer "$id" '{"outcome":"injected"}'
            said=${line#*\"text\":\"}
            say "told: ${said%%\"*}"
            stop end_turn
            ;;
        *)
            answer "$id" '{"outcome":"promptRequired"}'
            stop end_turn
            ;;
        esac
        ;;
    *'"method":"'*) answer "$id" '{}' ;;
    *) answered ;;
    esac
done
