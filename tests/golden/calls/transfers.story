Transfers: inferred from legs, refined by what the switch tells; returns, requeues, reroutes.

## blind to an agent, told
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30.2; ring bob 30.5
answer bob 35; release bob caller 60; end caller 60
= visit sales answered 8 talk 20.2
= offer bob - answered 4.5
= leg ann sales from 10 talk 20.2 by agent
= leg bob - from 35 talk 25 by caller
= blind ann@sales to agent bob at 35: answered
= served, ended by caller at 60

## blind to an agent, nothing told: the legs say it
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; answer bob 35; release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg bob - from 35 talk 25 by caller
= blind ann@sales to agent bob at 35: answered, inferred
= served, ended by caller at 60

## blind to a queue, told
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; release ann agent 31; enter tech 31.2
answer bob tech 40; release bob caller 90; end caller 90
= visit sales answered 8 talk 21
= visit tech answered 8.8 talk 50 after_human
= leg ann sales from 10 talk 21 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31.2: answered after 8.8
= served, ended by caller at 90

## blind to a queue, nothing told
arrive 0; enter sales 2; answer ann sales 10; release ann agent 31; enter tech 31.2; answer bob tech 40
release bob caller 90; end caller 90
= visit sales answered 8 talk 21
= visit tech answered 8.8 talk 50 after_human
= leg ann sales from 10 talk 21 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31.2: answered after 8.8, inferred
= served, ended by caller at 90

## blind to a queue, the entry told before the release
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; enter tech 31; release ann agent 31.2
answer bob tech 40; release bob caller 90; end caller 90
= visit sales answered 8 talk 21.2
= visit tech answered 9 talk 50 after_human
= leg ann sales from 10 talk 21.2 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31: answered after 9
= served, ended by caller at 90

## blind to a queue, the entry told before the release, nothing else told
arrive 0; enter sales 2; answer ann sales 10; enter tech 31; release ann agent 31.2; answer bob tech 40
release bob caller 90; end caller 90
= visit sales answered 8 talk 21.2
= visit tech answered 9 talk 50 after_human
= leg ann sales from 10 talk 21.2 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31: answered after 9, inferred
= served, ended by caller at 90

## blind to a queue, begun and done told only afterwards
arrive 0; enter sales 2; answer ann sales 10; release ann agent 31; enter tech 31; begin ann blind queue tech 31.1
done ann 31.2; answer bob tech 40; release bob caller 90; end caller 90
= visit sales answered 8 talk 21
= visit tech answered 9 talk 50 after_human
= leg ann sales from 10 talk 21 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31: answered after 9
= served, ended by caller at 90

## blind to a queue, the next agent answers before the release is told
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; enter tech 31; answer bob tech 40
release ann agent 41; release bob caller 90; end caller 90
= visit sales answered 8 talk 21
= visit tech answered 9 talk 50 after_human
= leg ann sales from 10 talk 21 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31: answered after 9
= served, ended by caller at 90

## a switch that tells the first release only with the end
arrive 0; enter sales 2; answer ann sales 10; enter tech 31; answer bob tech 40; release bob caller 90
release ann agent 90; end caller 90
= visit sales answered 8 talk 21
= visit tech answered 9 talk 50 after_human
= leg ann sales from 10 talk 21 by agent
= leg bob tech from 40 talk 50 by caller
= blind ann@sales to queue tech at 31: answered after 9, inferred
= served, ended by caller at 90

## abandoned in the target's queue
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; release ann agent 30; enter tech 30; end caller 70
= visit sales answered 8 talk 20
= visit tech abandoned_waiting 40 after_human
= leg ann sales from 10 talk 20 by agent
= blind ann@sales to queue tech at 30: abandoned after 40
= served, ended by caller at 70

## abandoned in the target's queue, nothing told, not even the release
arrive 0; enter sales 2; answer ann sales 10; enter tech 30; end caller 70
= visit sales answered 8 talk 20
= visit tech abandoned_waiting 40 after_human
= leg ann sales from 10 talk 20 by unknown
= blind ann@sales to queue tech at 30: abandoned after 40, inferred
= served, ended by caller at 70
= marks release_missing

## the target's queue times out and reroutes: all waits until the next human are the transfer's
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue tech 30; release ann agent 30; enter tech 30
left tech timeout 60; enter night 61; answer bob night 81; release bob caller 90; end caller 90
= visit sales answered 8 talk 20
= visit tech timeout 30 after_human
= visit night answered 20 talk 9 after_human
= leg ann sales from 10 talk 20 by agent
= leg bob night from 81 talk 9 by caller
= blind ann@sales to queue tech at 30: answered after 50
= served, ended by caller at 90

## the target's queue times out and nobody answers any more
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; enter tech 30; left tech timeout 60; end pbx 62
= visit sales answered 8 talk 20
= visit tech timeout 30 after_human
= leg ann sales from 10 talk 20 by agent
= blind ann@sales to queue tech at 30: abandoned after 30, inferred
= served, ended by pbx at 62

## blind to an outside number
arrive 0; enter sales 2; answer ann sales 10; begin ann blind outside +7800 30; done ann 30.5; release ann agent 30.6
end caller 200
= visit sales answered 8 talk 20.6
= leg ann sales from 10 talk 20.6 by agent
= blind ann@sales to outside +7800 at 30.5: answered
= served, ended by caller at 200

## outside, done told after the release
arrive 0; enter sales 2; answer ann sales 10; begin ann blind outside +7800 30; release ann agent 30; done ann 30.5
end caller 200
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= blind ann@sales to outside +7800 at 30.5: answered
= served, ended by caller at 200

## outside, the begin was lost
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; done ann blind outside +7800 30.5; end caller 200
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= blind ann@sales to outside +7800 at 30.5: answered
= served, ended by caller at 200

## outside, the release was lost: the talk ends when it was done
arrive 0; enter sales 2; answer ann sales 10; begin ann attended outside +7800 20; done ann 30.5; end caller 200
= visit sales answered 8 talk 20.5
= leg ann sales from 10 talk 20.5 by unknown
= attended ann@sales to outside +7800 at 30.5: answered
= served, ended by caller at 200
= marks release_missing

## ping-pong between queues: two returns
arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 10; release ann agent 10; enter b 10; answer bob b 12
begin bob blind queue a 20; release bob agent 20; enter a 20; answer ann a 25; begin ann blind queue b 30
release ann agent 30; enter b 30; answer bob b 33; release bob caller 40; end caller 40
= visit a answered 5 talk 5
= visit b answered 2 talk 8 after_human
= visit a answered 5 talk 5 after_human
= visit b answered 3 talk 7 after_human
= leg ann a (visit 1) from 5 talk 5 by agent
= leg bob b (visit 2) from 12 talk 8 by agent
= leg ann a (visit 3) from 25 talk 5 by agent
= leg bob b (visit 4) from 33 talk 7 by caller
= blind ann@a to queue b at 10: answered after 2
= blind bob@b to queue a at 20: returned after 5, return
= blind ann@a to queue b at 30: returned after 3, return
= served, ended by caller at 40

## ping-pong between agents, nothing told
arrive 0; enter a 0; answer ann a 5; release ann agent 10; answer bob 11; release bob agent 20; answer ann 21
release ann caller 40; end caller 40
= visit a answered 5 talk 5
= leg ann a from 5 talk 5 by agent
= leg bob - from 11 talk 9 by agent
= leg ann - from 21 talk 19 by caller
= blind ann@a to agent bob at 11: answered, inferred
= blind bob@- to agent ann at 21: returned, return, inferred
= served, ended by caller at 40

## a return that nobody answers is abandoned, and a return all the same
arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 10; release ann agent 10; enter b 10; answer bob b 12
begin bob blind queue a 20; release bob agent 20; enter a 20; end caller 50
= visit a answered 5 talk 5
= visit b answered 2 talk 8 after_human
= visit a abandoned_waiting 30 after_human
= leg ann a (visit 1) from 5 talk 5 by agent
= leg bob b from 12 talk 8 by agent
= blind ann@a to queue b at 10: answered after 2
= blind bob@b to queue a at 20: abandoned after 30, return
= served, ended by caller at 50

## queued again by the same queue, nothing told: requeued, neither transfer nor return
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; enter sales 32; answer bob sales 40
release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit sales answered 8 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 40 talk 20 by caller
= requeued 1
= served, ended by caller at 60

## queued again by the same queue 5 s after the release: still requeued
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; enter sales 35; answer bob sales 40
release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit sales answered 5 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 40 talk 20 by caller
= requeued 1
= served, ended by caller at 60

## queued again by the same queue a microsecond later than that: somebody did it, so passed on, and a return
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; enter sales 35.000001; answer bob sales 40.000001
release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit sales answered 5 talk 19.999999 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 40.000001 talk 19.999999 by caller
= blind ann@sales to queue sales at 35.000001: returned after 5, return, inferred
= served, ended by caller at 60

## queued again by the same queue much later, and given up there
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; key 50; enter sales 90; end caller 100
= visit sales answered 8 talk 20
= visit sales abandoned_waiting 10 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= blind ann@sales to queue sales at 90: abandoned after 10, return, inferred
= served, ended by caller at 100

## queued again by the same queue because the agent passed on to it: a return
arrive 0; enter sales 2; answer ann sales 10; begin ann blind queue sales 30; release ann agent 30; enter sales 30
answer bob sales 40; release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit sales answered 10 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 40 talk 20 by caller
= blind ann@sales to queue sales at 30: returned after 10, return
= served, ended by caller at 60

## queued again by the same queue, told as a transfer only afterwards
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; enter sales 30; done ann blind queue sales 30.2
answer bob sales 40; release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit sales answered 10 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 40 talk 20 by caller
= blind ann@sales to queue sales at 30: returned after 10, return
= served, ended by caller at 60

## after the agent let go the caller goes on into a survey: released
arrive 0; enter sales 2; answer ann sales 10; release ann agent 30; key 35; key 40; end caller 50
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= served, ended by caller at 50

## a direct call to an agent, passed on to a queue
arrive 0; answer ann 5; begin ann blind queue tech 20; release ann agent 20; enter tech 20; answer bob tech 30
release bob caller 50; end caller 50
= visit tech answered 10 talk 20 after_human
= leg ann - from 5 talk 15 by agent
= leg bob tech from 30 talk 20 by caller
= blind ann@- to queue tech at 20: answered after 10
= served, ended by caller at 50

## from an agent who was reached directly back to the first queue: a return
arrive 0; enter sales 0; answer ann sales 5; release ann agent 10; answer bob 12; release bob agent 20; enter sales 21
answer ann sales 30; release ann caller 40; end caller 40
= visit sales answered 5 talk 5
= visit sales answered 9 talk 10 after_human
= leg ann sales (visit 1) from 5 talk 5 by agent
= leg bob - from 12 talk 8 by agent
= leg ann sales (visit 2) from 30 talk 10 by caller
= blind ann@sales to agent bob at 12: answered, inferred
= blind bob@- to queue sales at 21: returned after 9, return, inferred
= served, ended by caller at 40

## two transfers in a row, each with its own wait
arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 10; release ann agent 10; enter b 10; answer bob b 30
begin bob blind queue c 40; release bob agent 40; enter c 40; answer cyd c 45; release cyd caller 60; end caller 60
= visit a answered 5 talk 5
= visit b answered 20 talk 10 after_human
= visit c answered 5 talk 15 after_human
= leg ann a from 5 talk 5 by agent
= leg bob b from 30 talk 10 by agent
= leg cyd c from 45 talk 15 by caller
= blind ann@a to queue b at 10: answered after 20
= blind bob@b to queue c at 40: answered after 5
= served, ended by caller at 60

## requeued after a transfer: its wait is not the transfer's
arrive 0; enter a 0; answer ann a 5; begin ann blind agent bob 10; release ann agent 10; answer bob 12
release bob agent 20; enter b 21; answer cyd b 51; release cyd agent 60; enter b 61; answer dan b 71; release dan caller 80
end caller 80
= visit a answered 5 talk 5
= visit b answered 30 talk 9 after_human
= visit b answered 10 talk 9 after_human
= leg ann a from 5 talk 5 by agent
= leg bob - from 12 talk 8 by agent
= leg cyd b (visit 2) from 51 talk 9 by agent
= leg dan b (visit 3) from 71 talk 9 by caller
= blind ann@a to agent bob at 12: answered
= blind bob@- to queue b at 21: answered after 30, inferred
= requeued 1
= served, ended by caller at 80

## the target's queue answers with a leg that names no queue
arrive 0; enter a 0; answer ann a 5; begin ann blind queue b 10; release ann agent 10; enter b 10; answer bob 30
release bob caller 60; end caller 60
= visit a answered 5 talk 5
= visit b answered 20 talk 30 after_human
= leg ann a from 5 talk 5 by agent
= leg bob b from 30 talk 30 by caller
= blind ann@a to queue b at 10: answered after 20
= served, ended by caller at 60

## rerouted before any human, transferred after one
arrive 0; enter a 0; left a timeout 10; enter b 10; answer ann b 15; begin ann blind queue a 20; release ann agent 20
enter a 20; answer bob a 30; release bob caller 40; end caller 40
= visit a timeout 10
= visit b answered 5 talk 5
= visit a answered 10 talk 10 after_human
= leg ann b from 15 talk 5 by agent
= leg bob a (visit 3) from 30 talk 10 by caller
= blind ann@b to queue a at 20: returned after 10, return
= reroute a to b
= served, ended by caller at 40

## blind to an agent whose leg names the first queue: still that agent
arrive 0; enter sales 2; answer ann sales 10; begin ann blind agent bob 30; release ann agent 30
answer bob sales 35; release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= leg ann sales from 10 talk 20 by agent
= leg bob sales (no visit) from 35 talk 25 by caller
= blind ann@sales to agent bob at 35: answered
= served, ended by caller at 60

## the outside number does not keep the caller: the dialplan queues
arrive 0; enter sales 2; answer ann sales 10; begin ann blind outside +7800 30; done ann 30; release ann agent 30
enter sales 50; answer bob sales 60; release bob caller 80; end caller 80
= visit sales answered 8 talk 20
= visit sales answered 10 talk 20 after_human
= leg ann sales (visit 1) from 10 talk 20 by agent
= leg bob sales (visit 2) from 60 talk 20 by caller
= blind ann@sales to outside +7800 at 30: answered
= served, ended by caller at 80

## back to a queue of which only the leg is known: a return
arrive 0; answer ann sales 10; begin ann blind queue tech 20; release ann agent 20; enter tech 20
answer bob tech 30; begin bob blind queue sales 40; release bob agent 40; enter sales 40; answer cyd sales 50
release cyd caller 60; end caller 60
= visit tech answered 10 talk 10 after_human
= visit sales answered 10 talk 10 after_human
= leg ann sales (no visit) from 10 talk 10 by agent
= leg bob tech from 30 talk 10 by agent
= leg cyd sales from 50 talk 10 by caller
= blind ann@sales to queue tech at 20: answered after 10
= blind bob@tech to queue sales at 40: returned after 10, return
= served, ended by caller at 60
= marks visit_missing contradiction

## queued while two agents talk: one transfer, by the first to let go
arrive 0; enter sales 2; answer ann sales 10; answer bob 20; enter tech 30; answer cyd tech 40
release cyd caller 60; end caller 60
= visit sales answered 8 talk 20
= visit tech answered 10 talk 20 after_human
= leg ann sales from 10 talk 20 by unknown
= leg bob - from 20 talk 10 by unknown
= leg cyd tech from 40 talk 20 by caller
= blind ann@sales to queue tech at 30: answered after 10, inferred
= served, ended by caller at 60
= marks release_missing

## parked in the moment of being queued, the release lost: no hold
arrive 0; enter sales 2; answer ann sales 10; enter tech 30; hold ann 30.1; answer bob tech 40
release bob caller 60; end caller 60
= visit sales answered 8 talk 20
= visit tech answered 10 talk 20 after_human
= leg ann sales from 10 talk 20 by unknown
= leg bob tech from 40 talk 20 by caller
= blind ann@sales to queue tech at 30: answered after 10, inferred
= served, ended by caller at 60
= marks release_missing
